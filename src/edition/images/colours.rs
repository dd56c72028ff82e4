//! What a picture's file says about its colours, and what of that has to stay when the picture is written anew: pixels are
//! kept as they are, so that a profile that describes other colours than sRGB goes with them.

/// A colour profile that is larger was made for presses; it is left out.
pub const LARGEST_PROFILE: usize = 512 * 1024;

/// The columns of sRGB's matrix as profiles have them, adapted to D50 (IEC 61966-2-1, ICC.1 annex E).
const SRGB: [([u8; 4], [f64; 3]); 3] =
    [(*b"rXYZ", [0.4360, 0.2225, 0.0139]), (*b"gXYZ", [0.3851, 0.7169, 0.0971]), (*b"bXYZ", [0.1431, 0.0606, 0.7141])];
/// sRGB's gamma as a PNG has it, in hundred thousandths.
const SRGB_GAMMA: u32 = 45_455;

/// Whether a profile has to stay: it is of the picture's kind of colours, not too large, and not the one that is assumed
/// where there is none.
pub fn has_to_stay(profile: &[u8], has_color: bool) -> bool {
    let space: &[u8] = if has_color { b"RGB " } else { b"GRAY" };
    profile.len() <= LARGEST_PROFILE && profile.get(16..20) == Some(space) && !is_srgb(profile)
}

/// Whether a profile says that it is sRGB, and has its primaries: others have the word in their names too.
fn is_srgb(profile: &[u8]) -> bool {
    let says = |words: &[u8]| memchr::memmem::find(profile, words).is_some();
    let is_near = |(name, wanted): &([u8; 4], [f64; 3])| {
        column(profile, *name)
            .is_some_and(|found| found.iter().zip(wanted).all(|(one, other)| (one - other).abs() < 0.004))
    };
    (says(b"sRGB") || says(b"s\0R\0G\0B")) && SRGB.iter().all(is_near)
}

/// A column of a profile's matrix (ICC.1 sections 7.3 and 10.31).
fn column(profile: &[u8], name: [u8; 4]) -> Option<[f64; 3]> {
    let number = |at: usize| Some(u32::from_be_bytes(*profile.get(at..)?.first_chunk()?));
    let tags = usize::try_from(number(128)?).ok()?.min(100);
    let tag =
        (0..tags).map(|n| 132 + 12 * n).find(|at| profile.get(*at..).is_some_and(|tag| tag.starts_with(&name)))?;
    let at = usize::try_from(number(tag + 4)?).ok()?.checked_add(8)?;
    let fixed = |at: usize| Some(f64::from(number(at)?.cast_signed()) / 65_536.0);
    Some([fixed(at)?, fixed(at.checked_add(4)?)?, fixed(at.checked_add(8)?)?])
}

/// The chunks of a PNG that say its gamma and its primaries, where they count and are not those of sRGB.
pub fn chunks(png: &[u8]) -> Vec<u8> {
    let (mut found, mut is_usual) = (Vec::new(), true);
    let mut rest = png.get(8..).unwrap_or_default();
    while let Some((head, _)) = rest.split_first_chunk::<8>() {
        let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]);
        let Some(chunk) = usize::try_from(length).ok().and_then(|length| rest.get(..length.checked_add(12)?)) else {
            break;
        };
        match &head[4..] {
            // These go before the two others (PNG section 4.3).
            b"sRGB" | b"iCCP" => return Vec::new(),
            b"gAMA" => {
                let gamma =
                    chunk.get(8..12).and_then(|gamma| gamma.first_chunk()).map(|gamma| u32::from_be_bytes(*gamma));
                is_usual &= gamma.is_some_and(|gamma| gamma.abs_diff(SRGB_GAMMA) < 500);
                found.extend_from_slice(chunk);
            }
            b"cHRM" => {
                is_usual &= chunk.get(8..40).is_some_and(has_srgb_primaries);
                found.extend_from_slice(chunk);
            }
            b"IDAT" => break,
            _ => {}
        }
        rest = &rest[chunk.len()..];
    }
    if is_usual { Vec::new() } else { found }
}

/// White, red, green and blue, as x and y in hundred thousandths.
fn has_srgb_primaries(values: &[u8]) -> bool {
    const WANTED: [u32; 8] = [31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000];
    values
        .as_chunks::<4>()
        .0
        .iter()
        .zip(WANTED)
        .all(|(value, wanted)| u32::from_be_bytes(*value).abs_diff(wanted) < 500)
}

/// A PNG with these chunks behind its head.
pub fn with_chunks(mut png: Vec<u8>, chunks: &[u8]) -> Vec<u8> {
    const HEAD: usize = 8 + 25;
    if png.len() > HEAD {
        png.splice(HEAD..HEAD, chunks.iter().copied());
    }
    png
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(space: [u8; 4], says: &[u8], columns: &[([u8; 4], [f64; 3])]) -> Vec<u8> {
        let mut profile = vec![0; 128];
        profile[16..20].copy_from_slice(&space);
        profile.extend(u32::try_from(columns.len()).unwrap().to_be_bytes());
        for (n, (name, _)) in columns.iter().enumerate() {
            profile.extend_from_slice(name);
            profile.extend(u32::try_from(132 + 12 * columns.len() + 20 * n).unwrap().to_be_bytes());
            profile.extend(20_u32.to_be_bytes());
        }
        for (_, values) in columns {
            profile.extend(b"XYZ \0\0\0\0");
            #[expect(clippy::cast_possible_truncation, reason = "a colour is less than one")]
            values.iter().for_each(|value| profile.extend(((value * 65_536.0).round() as i32).to_be_bytes()));
        }
        profile.extend(says);
        profile
    }

    #[test]
    fn srgb_is_known_by_its_primaries_and_not_by_its_name_alone() {
        const P3: [([u8; 4], [f64; 3]); 3] = [
            (*b"rXYZ", [0.5151, 0.2412, -0.0011]),
            (*b"gXYZ", [0.2920, 0.6922, 0.0419]),
            (*b"bXYZ", [0.1571, 0.0666, 0.7841]),
        ];
        let stays =
            |space: &[u8; 4], says: &str, columns| has_to_stay(&profile(*space, says.as_bytes(), columns), true);
        assert!(!stays(b"RGB ", "sRGB IEC61966-2.1", &SRGB));
        assert!(stays(b"RGB ", "Display P3 Gamut with sRGB Transfer", &P3));
        assert!(stays(b"RGB ", "sRGB v4 preference", &[]));
        assert!(stays(b"RGB ", "linear, with the usual primaries", &SRGB));
        assert!(!stays(b"CMYK", "press", &[]) && !stays(b"GRAY", "dots", &[]));
        assert!(has_to_stay(&profile(*b"GRAY", b"dots", &[]), false));
        assert!(!has_to_stay(b"RGB ", true));
        let whole = profile(*b"RGB ", b"sRGB", &SRGB);
        for length in 0..whole.len() {
            has_to_stay(&whole[..length], true);
        }
    }

    fn png(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
        let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
        for (name, data) in [(b"IHDR", &[0; 13][..])].iter().chain(chunks).chain(&[(b"IDAT", &[][..])]) {
            png.extend(u32::try_from(data.len()).unwrap().to_be_bytes());
            png.extend_from_slice(*name);
            png.extend_from_slice(data);
            png.extend([0; 4]);
        }
        png
    }

    #[test]
    fn a_png_keeps_the_gamma_that_is_not_the_usual_one() {
        let gamma = |value: u32| value.to_be_bytes();
        let (linear, usual) = (gamma(100_000), gamma(45_455));
        assert_eq!(chunks(&png(&[(b"gAMA", &usual)])), b"");
        assert_eq!(chunks(&png(&[(b"sRGB", &[0]), (b"gAMA", &linear)])), b"");
        let kept = chunks(&png(&[(b"gAMA", &linear)]));
        assert_eq!(kept, [&b"\0\0\0\x04gAMA"[..], &linear, &[0; 4]].concat());
        assert_eq!(with_chunks(png(&[]), &kept), png(&[(b"gAMA", &linear)]));
        let primaries: Vec<u8> = [31_270_u32, 32_900, 68_000, 32_000, 26_500, 69_000, 15_000, 6_000]
            .iter()
            .flat_map(|value| value.to_be_bytes())
            .collect();
        assert!(!chunks(&png(&[(b"gAMA", &usual), (b"cHRM", &primaries)])).is_empty());
        let whole = png(&[(b"gAMA", &linear), (b"cHRM", &primaries)]);
        for length in 0..whole.len() {
            chunks(&whole[..length]);
        }
    }
}
