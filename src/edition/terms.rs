//! The few words that setting an article adds to it, in the language it is in.

use pulldown_cmark::BlockQuoteKind;

/// The words of one language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Titles of callouts: note, tip, important, warning, caution.
    callouts: [&'static str; 5],
    /// Above a table of contents.
    pub contents: &'static str,
    /// Above the footnotes of the text part.
    pub notes: &'static str,
    /// Above the addresses of the text part.
    pub links: &'static str,
    /// Before what an image of the text part shows.
    pub image: &'static str,
    /// Before what a video of the text part shows.
    pub video: &'static str,
}

const ENGLISH: Terms = Terms {
    callouts: ["Note", "Tip", "Important", "Warning", "Caution"],
    contents: "Contents",
    notes: "Notes",
    links: "Links",
    image: "Image",
    video: "Video",
};

const OTHERS: [(&str, Terms); 8] = [
    (
        "de",
        Terms {
            callouts: ["Hinweis", "Tipp", "Wichtig", "Warnung", "Vorsicht"],
            contents: "Inhalt",
            notes: "Anmerkungen",
            links: "Links",
            image: "Bild",
            video: "Video",
        },
    ),
    (
        "fr",
        Terms {
            callouts: ["Remarque", "Conseil", "Important", "Avertissement", "Attention"],
            contents: "Sommaire",
            notes: "Notes",
            links: "Liens",
            image: "Image",
            video: "Vidéo",
        },
    ),
    (
        "es",
        Terms {
            callouts: ["Nota", "Consejo", "Importante", "Advertencia", "Precaución"],
            contents: "Contenido",
            notes: "Notas",
            links: "Enlaces",
            image: "Imagen",
            video: "Vídeo",
        },
    ),
    (
        "it",
        Terms {
            callouts: ["Nota", "Consiglio", "Importante", "Avviso", "Attenzione"],
            contents: "Indice",
            notes: "Note",
            links: "Link",
            image: "Immagine",
            video: "Video",
        },
    ),
    (
        "nl",
        Terms {
            callouts: ["Opmerking", "Tip", "Belangrijk", "Waarschuwing", "Let op"],
            contents: "Inhoud",
            notes: "Noten",
            links: "Links",
            image: "Afbeelding",
            video: "Video",
        },
    ),
    (
        "pt",
        Terms {
            callouts: ["Nota", "Dica", "Importante", "Aviso", "Cuidado"],
            contents: "Conteúdo",
            notes: "Notas",
            links: "Links",
            image: "Imagem",
            video: "Vídeo",
        },
    ),
    (
        "ar",
        Terms {
            callouts: ["ملاحظة", "نصيحة", "مهم", "تحذير", "تنبيه"],
            contents: "المحتويات",
            notes: "الحواشي",
            links: "الروابط",
            image: "صورة",
            video: "فيديو",
        },
    ),
    (
        "ja",
        Terms {
            callouts: ["注記", "ヒント", "重要", "警告", "注意"],
            contents: "目次",
            notes: "脚注",
            links: "リンク",
            image: "画像",
            video: "動画",
        },
    ),
];

impl Terms {
    /// The words of a language (BCP 47); English where we don't know it.
    pub fn of(language: &str) -> Terms {
        let primary = language.split('-').next().unwrap_or_default().to_ascii_lowercase();
        OTHERS.iter().find(|(name, _)| *name == primary).map_or(ENGLISH, |(_, terms)| *terms)
    }

    /// The title of a callout.
    pub fn callout(&self, kind: BlockQuoteKind) -> &'static str {
        let [note, tip, important, warning, caution] = self.callouts;
        match kind {
            BlockQuoteKind::Note => note,
            BlockQuoteKind::Tip => tip,
            BlockQuoteKind::Important => important,
            BlockQuoteKind::Warning => warning,
            BlockQuoteKind::Caution => caution,
        }
    }
}

/// What a callout's kind is called in a style sheet.
pub fn callout_class(kind: BlockQuoteKind) -> &'static str {
    match kind {
        BlockQuoteKind::Note => "note",
        BlockQuoteKind::Tip => "tip",
        BlockQuoteKind::Important => "important",
        BlockQuoteKind::Warning => "warning",
        BlockQuoteKind::Caution => "caution",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callouts_are_titled_in_the_language_of_the_article() {
        assert_eq!(Terms::of("de-AT").callout(BlockQuoteKind::Warning), "Warnung");
        assert_eq!(Terms::of("ja").callout(BlockQuoteKind::Tip), "ヒント");
        assert_eq!(Terms::of("tlh"), ENGLISH);
    }
}
