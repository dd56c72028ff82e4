//! Images and attachments, from the file beside the article to the message.

use std::collections::BTreeMap;
use std::path::Path;

use mail_parser::{MessageParser, MimeHeaders};

use crate::pictures::{clear_png, gif, jpeg, png};
use crate::publication::Publication;
use crate::referee;

fn letter(front: &str, body: &str) -> Publication {
    let article = format!("+++\ntitle = \"Sea\"\n{front}\n+++\n\n{body}\n");
    Publication::new()
        .setting("relay.url", "file:out")
        .setting("theme.name", "magazine")
        .reader("ann@example.com", "Ann")
        .file("content/sea/index.md", article)
}

/// The one message that is handed over.
fn sent(letter: &Publication) -> Vec<u8> {
    letter.run(["send", "sea", "--yes"]).success();
    std::fs::read(&letter.files("out")[0]).unwrap()
}

/// The pictures of a message by their file names, decoded.
fn pictures(message: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let parsed = MessageParser::default().parse(message).unwrap();
    let parts = parsed.parts.iter().filter(|part| part.content_id().is_some());
    parts.map(|part| (part.attachment_name().unwrap().to_owned(), part.contents().to_vec())).collect()
}

fn has(bytes: &[u8], words: &[u8]) -> bool {
    bytes.windows(words.len()).any(|some| some == words)
}

#[test]
fn pictures_travel_as_small_as_they_are_shown_and_tell_nothing() {
    let letter = letter(
        "image = \"lead.jpg\"\nimage_alt = \"The sea\"",
        "![One](wide.png)\n\n![Held upright](turned.jpg) ![Moves](moves.gif) ![Clear](clear.png) ![Small](small.png)\n\n{{ image(src=\"lead.jpg\", alt=\"Again\", width=200) }}",
    )
    .file("content/sea/lead.jpg", jpeg(2000, 1000, 1))
    .file("content/sea/wide.png", png(1600, 400))
    .file("content/sea/turned.jpg", jpeg(1600, 1200, 6))
    .file("content/sea/moves.gif", gif(60, 40, 4))
    .file("content/sea/clear.png", clear_png(80, 40))
    .file("content/sea/small.png", png(50, 30));
    let message = sent(&letter);
    let text = MessageParser::default().parse(&message).unwrap().body_text(0).unwrap().replace("\r\n", "\n");
    assert!(text.contains("Sea\n\n[Image: The sea]\n\n[Image: One]"), "{text}");
    let found = pictures(&message);
    assert_eq!(found.len(), 6, "the lead picture and its second showing are one part");
    let size = |name: &str| {
        let size = imagesize::blob_size(&found[name]).unwrap();
        (size.width, size.height)
    };
    assert_eq!(size("lead.jpg"), (1280, 640), "twice the page");
    assert_eq!(size("turned.jpg"), (1152, 1536), "turned, twice the column");
    assert_eq!((size("clear.png"), size("small.png"), size("moves.gif")), ((80, 40), (50, 30), (60, 40)));
    let clear = image::load_from_memory(&found["clear.png"]).unwrap().into_rgba8();
    assert_eq!((clear.get_pixel(2, 2)[3], clear.get_pixel(70, 2)[3]), (0, 255));
    let frames = found["moves.gif"].windows(3).filter(|some| some == b"\x21\xf9\x04").count();
    assert_eq!(frames, 4, "it still moves");
    for (name, bytes) in &found {
        assert!(!has(bytes, b"Exif") && !has(bytes, b"Secret"), "{name}");
    }
    let unfolded = String::from_utf8(message).unwrap().replace("=\r\n", "");
    for shown in
        ["width=3D\"640\"", "height=3D\"320\"", "width=3D\"576\" height=3D\"768\"", "width=3D\"50\" height=3D\"30\""]
    {
        assert!(unfolded.contains(shown), "{shown}: {unfolded}");
    }
    letter.run(["preview", "sea"]).success();
    let page = letter.read("preview/sea/001-ann@example.com.html");
    assert_eq!(page.matches("src=\"data:image/").count(), 7);
    assert!(!page.contains("cid:"));
}

/// A colour profile of one kind of colours: its head, what it has of primaries, and words that say what it is.
fn profile(space: [u8; 4], red: f64, says: &[u8]) -> Vec<u8> {
    let mut profile = vec![0; 128];
    profile[16..20].copy_from_slice(&space);
    let columns =
        [(b"rXYZ", [red, 0.2225, 0.0139]), (b"gXYZ", [0.3851, 0.7169, 0.0971]), (b"bXYZ", [0.1431, 0.0606, 0.7141])];
    profile.extend(3_u32.to_be_bytes());
    for (offset, (name, _)) in (168_u32..).step_by(20).zip(&columns) {
        profile.extend_from_slice(*name);
        profile.extend(offset.to_be_bytes());
        profile.extend(20_u32.to_be_bytes());
    }
    for (_, values) in columns {
        profile.extend(b"XYZ \0\0\0\0");
        #[expect(clippy::cast_possible_truncation, reason = "a colour is less than one")]
        values.iter().for_each(|value| profile.extend(((value * 65_536.0) as i32).to_be_bytes()));
    }
    profile.extend(says);
    profile
}

#[test]
fn colours_stay_what_their_profile_says() {
    use image::codecs::{jpeg, png};
    use image::{ExtendedColorType, ImageDecoder, ImageEncoder};
    // The name alone says nothing, and a large profile is one too.
    let mut wide = profile(*b"RGB ", 0.5151, b"Display P3 Gamut with sRGB Transfer");
    wide.resize(70_000, 7);
    let (usual, grey) = (profile(*b"RGB ", 0.4360, b"sRGB IEC"), profile(*b"GRAY", 0.4360, b"Gamma"));
    let pixels: Vec<u8> = (0..1500_u32 * 300 * 3).map(|n| u8::try_from(n % 251).unwrap()).collect();
    let encode = |kind: &str, profile: &[u8]| {
        let mut bytes = Vec::new();
        if kind == "jpg" {
            let mut encoder = jpeg::JpegEncoder::new(&mut bytes);
            encoder.set_icc_profile(profile.to_vec()).unwrap();
            encoder.write_image(&pixels, 1500, 300, ExtendedColorType::Rgb8).unwrap();
        } else {
            let mut encoder = png::PngEncoder::new(&mut bytes);
            encoder.set_icc_profile(profile.to_vec()).unwrap();
            encoder.write_image(&pixels, 1500, 300, ExtendedColorType::Rgb8).unwrap();
        }
        bytes
    };
    let mut letter = letter("", "![a](wide.jpg) ![b](wide.png) ![c](usual.jpg) ![d](usual.png) ![e](grey.jpg)");
    for (name, profile) in
        [("wide.jpg", &wide), ("wide.png", &wide), ("usual.jpg", &usual), ("usual.png", &usual), ("grey.jpg", &grey)]
    {
        letter = letter.file(&format!("content/sea/{name}"), encode(&name[name.len() - 3..], profile));
    }
    let found = pictures(&sent(&letter));
    for (name, bytes) in &found {
        let input = std::io::Cursor::new(bytes);
        let kept = if name.ends_with("jpg") {
            jpeg::JpegDecoder::new(input).unwrap().icc_profile().unwrap()
        } else {
            png::PngDecoder::new(input).unwrap().icc_profile().unwrap()
        };
        assert_eq!(kept.as_ref(), name.starts_with("wide").then_some(&wide), "{name}");
    }
    assert_eq!(found.len(), 4, "two are the same without their profiles");
}

#[test]
fn attachments_come_with_their_names_and_the_referee_is_content() {
    let letter = letter(
        "attachments = [\"programme.pdf\", {file = \"d.ics\", name = \"Übersicht der Termine – 1. Halbjahr 2027 (ohne Gewähr).ics\"}]",
        "![The sea](sea.png)",
    )
    .file("content/sea/sea.png", png(40, 20))
    .file("content/sea/programme.pdf", "%PDF-1.4 pages")
    .file("content/sea/d.ics", "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n");
    let message = sent(&letter);
    let parsed = MessageParser::default().parse(&message[..]).unwrap();
    assert_eq!(parsed.content_type().unwrap().subtype(), Some("mixed"));
    let of = |part: &mail_parser::MessagePart<'_>| {
        (part.attachment_name().unwrap_or_default().to_owned(), part.contents().to_vec())
    };
    let attached: Vec<_> = parsed.attachments().filter(|part| part.content_id().is_none()).map(of).collect();
    assert_eq!(attached[0], ("programme.pdf".to_owned(), b"%PDF-1.4 pages".to_vec()));
    assert_eq!(attached[1].0, "Übersicht der Termine – 1. Halbjahr 2027 (ohne Gewähr).ics");
    assert_eq!(attached[1].1, b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n");
    let readers = BTreeMap::from([("ann@example.com".to_owned(), vec!["Ann".to_owned()])]);
    referee::examine(&letter.path().join("out"), &readers);
}

#[test]
fn linked_pictures_are_written_to_be_uploaded_and_never_changed() {
    let letter = letter("", "![The sea](sea.png)")
        .setting("publication.images", "link")
        .setting("publication.assets_url", "https://example.com/{slug}")
        .file("content/sea/sea.png", png(40, 20));
    let output = letter.run(["preview", "sea"]).success();
    let files = letter.files("assets/sea");
    assert_eq!(files.len(), 1);
    let name = files[0].file_name().unwrap().to_str().unwrap().to_owned();
    output.stderr_has(&format!("upload from assets/sea: {name}"));
    let page = letter.read("preview/sea/001-ann@example.com.html");
    assert!(page.contains("src=\"data:image/png"), "{page}");
    let message = String::from_utf8(sent(&letter)).unwrap().replace("=\r\n", "");
    assert!(message.contains(&format!("src=3D\"https://example.com/sea/{name}\"")), "{message}");
    assert!(!message.contains("Content-ID"));
    let article = letter.read("content/sea/index.md");
    let letter = letter.file("content/sea/index.md", article.replacen("+++\n", "+++\nimages = \"embed\"\n", 1));
    letter.run(["preview", "sea"]).success().nowhere("upload");
    let letter = letter.file("content/sea/index.md", article);
    std::fs::write(&files[0], "another picture").unwrap();
    letter.run(["preview", "sea"]).code(1).stderr_has("is not what it was written as");
    assert_eq!(std::fs::read(&files[0]).unwrap(), b"another picture");
}

#[test]
fn a_picture_without_words_is_told() {
    let letter = letter("image = \"sea.png\"", "Words").file("content/sea/sea.png", png(40, 20));
    letter.run(["check", "sea"]).success().stderr_has("content/sea/index.md:3:9").stderr_has("image_alt");
    let plain = letter.setting("theme.name", "letter");
    plain.run(["check", "sea"]).success().stderr_has("shows no lead picture");
}

/// The head of a PNG that says it has so many pixels, and nothing of them.
fn png_head(width: u32, height: u32) -> Vec<u8> {
    let mut chunk = b"IHDR".to_vec();
    chunk.extend_from_slice(&width.to_be_bytes());
    chunk.extend_from_slice(&height.to_be_bytes());
    chunk.extend_from_slice(&[8, 6, 0, 0, 0]);
    let crc = crc32fast::hash(&chunk).to_be_bytes();
    [b"\x89PNG\r\n\x1a\n\0\0\0\x0d", &chunk[..], &crc].concat()
}

#[test]
fn hostile_pictures_are_refused_in_time_at_their_place() {
    let endless = b"\x21\xf9\x04\0\0\0\0\0".repeat(200_000);
    let cases: [(&str, Vec<u8>, &str); 9] = [
        ("bomb.png", png_head(65_535, 65_535), "65535 × 65535 pixels"),
        ("none.png", png_head(0, 10), "no width"),
        ("cut.png", png(300, 200)[..900].to_vec(), "breaks off"),
        ("cut.jpg", jpeg(300, 200, 1)[..900].to_vec(), "breaks off"),
        ("endless.gif", [&gif(9, 9, 1)[..13], &endless].concat(), "breaks off"),
        ("text.jpg", b"no picture".to_vec(), "no image that mail programs show"),
        ("drawing.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(), "export it as PNG"),
        ("empty.png", Vec::new(), "is empty"),
        ("head.png", [&png_head(400, 300)[..], b"\0\0\0\0IEND\xaeB`\x82"].concat(), "can't be used"),
    ];
    for (name, bytes, says) in cases {
        let letter = letter("", &format!("![x]({name})")).file(&format!("content/sea/{name}"), bytes);
        letter.run(["check", "sea"]).code(1).stderr_has("content/sea/index.md:6:1").stderr_has(says);
    }
    // What a name says doesn't matter, but what is in the file.
    let letter = letter("", "![x](sea.png)").file("content/sea/sea.png", jpeg(40, 20, 1));
    assert!(pictures(&sent(&letter)).contains_key("sea.jpg"));
}

#[test]
fn files_that_are_none_or_lie_elsewhere_are_refused() {
    let check = |name: &str, make: &dyn Fn(&Path), says: &str| {
        for (front, body) in
            [(String::new(), format!("![x]({name})")), (format!("attachments = [\"{name}\"]"), "Words".to_owned())]
        {
            let letter = letter(&front, &body).file("secret.png", png(40, 20));
            make(&letter.path().join("content/sea"));
            letter.run(["check", "sea"]).code(1).stderr_has("content/sea/index.md:").stderr_has(says);
        }
    };
    check("../../secret.png", &|_| {}, "outside the article's folder");
    check("/etc/hostname", &|_| {}, "outside the article's folder");
    check("missing.png", &|_| {}, "put it beside the article");
    let near = |folder: &Path| std::fs::write(folder.join("mising.png"), png(40, 20)).unwrap();
    check("missing.png", &near, "is `mising.png` meant?");
    check("folder.png", &|folder| std::fs::create_dir(folder.join("folder.png")).unwrap(), "is no file");
    let sparse = |folder: &Path| {
        std::fs::File::create(folder.join("huge.png")).unwrap().set_len(10 << 30).unwrap();
    };
    check("huge.png", &sparse, "10240 MB");
    #[cfg(unix)]
    {
        use std::os::unix::fs::symlink;
        let link = |folder: &Path| symlink("../../secret.png", folder.join("link.png")).unwrap();
        check("link.png", &link, "outside the article's folder");
        let zero = |folder: &Path| symlink("/dev/zero", folder.join("zero.png")).unwrap();
        check("zero.png", &zero, "outside the article's folder");
        let pipe = |folder: &Path| {
            assert!(std::process::Command::new("mkfifo").arg(folder.join("pipe.png")).status().unwrap().success());
        };
        check("pipe.png", &pipe, "is no file");
    }
}
