//! Tests of the lint: what it refuses, and what it lets through.

use super::*;
use crate::edition::merge::{Gap, GapSource};
use proptest::prelude::*;

fn tokens() -> Tokens {
    Tokens::new(&["a source"])
}

fn run(mjml: &str) -> Result<String> {
    lint(mjml, &tokens(), &|range| Place::span("article.mjml", mjml, range))
}

fn body(inside: &str) -> String {
    format!("<mjml><mj-body><mj-section><mj-column>{inside}</mj-column></mj-section></mj-body></mjml>")
}

#[test]
fn mistakes_are_named_with_their_place_and_what_to_write() {
    for (mjml, part, says) in [
        (body("<mj-txt>a</mj-txt>"), "<mj-txt", "did you mean <mj-text>?"),
        (body("<mj-text colour=\"red\">a</mj-text>"), "colour=", "did you mean `color`?"),
        (body("<mj-section></mj-section>"), "<mj-section></mj-section>", "it stands in <mj-body>, <mj-wrapper>"),
        (body("<mj-text font-size=\"big\">a</mj-text>"), "big", "a number with px"),
        (body("<mj-text align=\"middle\">a</mj-text>"), "middle", "\"left\", \"right\""),
        (body("<mj-text color=\"redish\">a</mj-text>"), "redish", "a colour"),
        (body("<mj-text align=\"left\" align=\"right\">a</mj-text>"), "align=\"right\"", "twice"),
        (body("<mj-image width=\"300\" src=\"a\" />"), "300", "a number with px"),
        (body("words"), "words", "inside <mj-text>"),
        (body("<p>words</p>"), "<p>", "inside <mj-text>"),
        (body("<mj-text><p>words</mj-text>"), "<p>", "</p>"),
        (body("<mj-text><p>words</b></p></mj-text>"), "<p>words</b>", "is not closed where </b>"),
        (body("<mj-text>words"), "<mj-text>", "is not closed where </mj-column>"),
        (body("<mj-include path=\"a\" />"), "<mj-include", "{% include"),
        (body("<mj-text>1 <3</mj-text>"), "<3", "&lt;"),
        ("<mjml><mj-head></mj-head></mjml>".to_owned(), "<mjml>", "no <mj-body>"),
        ("<mj-text>a</mj-text>".to_owned(), "<mj-text>", "outside of <mjml>"),
        ("<mjml><mj-head><mj-title>a <b>b</b></mj-title></mj-head></mjml>".to_owned(), "<b>", "no markup"),
        (
            "<mjml><mj-head><mj-attributes><mj-all colour=\"a\" /></mj-attributes></mj-head></mjml>".to_owned(),
            "colour",
            "`color`",
        ),
        (
            "<mjml><mj-head><mj-attributes><mj-class name=\"a\"><mj-text color=\"red\" /></mj-class></mj-attributes></mj-head></mjml>"
                .to_owned(),
            "<mj-text",
            "on <mj-class> itself",
        ),
        (
            "<mjml><mj-head><mj-attributes><mj-tex /></mj-attributes></mj-head></mjml>".to_owned(),
            "<mj-tex",
            "<mj-text>",
        ),
    ] {
        let shown = run(&mjml).map(|_| ()).unwrap_err();
        let column = mjml.rfind(part).map(|at| mjml[..at].chars().count() + 1);
        let place = shown.place().unwrap();
        let text = shown.render(false);
        assert!(text.contains(says), "{text}");
        assert!(mjml.find(part).map(|at| at + 1) == Some(place.column) || column == Some(place.column), "{text}");
    }
}

#[test]
fn every_attribute_is_taken_in_its_right_form_and_in_no_other() {
    for component in components::all() {
        for (name, form) in component.attributes() {
            let good = match form {
                Form::Text => "any",
                Form::Color => "#aabbcc",
                Form::Boolean => "true",
                Form::Integer => "3",
                Form::OneOf(words) => words[0],
                Form::Lengths { units, .. } => {
                    if units.contains(&"px") {
                        "10px"
                    } else {
                        "1em"
                    }
                }
            };
            assert!(form.fits(good), "{} {name}", component.name);
            assert!(*form == Form::Text || !form.fits("~"), "{} {name}", component.name);
            if unlike::instead(component.name, name, good).is_some() {
                continue;
            }
            let default = if component.name == "mjml" { continue } else { component.name };
            let mjml = |value: &str| {
                format!(
                    "<mjml><mj-head><mj-attributes><{default} {name}=\"{value}\" /></mj-attributes></mj-head><mj-body></mj-body></mjml>"
                )
            };
            assert!(run(&mjml(good)).is_ok(), "{default} {name}");
            assert!(*form == Form::Text || run(&mjml("~")).is_err(), "{default} {name}");
        }
    }
}

#[test]
fn a_picture_has_words_or_none_and_one_of_a_network_is_named() {
    let image = run(&body("<mj-image src=\"https://example.com/a.png\" />")).unwrap();
    assert_eq!(image, body("<mj-image alt=\"\" src=\"https://example.com/a.png\" />"));
    let social = |inside: &str| body(&format!("<mj-social>{inside}</mj-social>"));
    let error = run(&social("<mj-social-element name=\"facebook\">a</mj-social-element>")).unwrap_err();
    assert!(error.render(false).contains("a stranger's server"));
    let mended = run(&social("<mj-social-element src=\"https://example.com/a.png\">a</mj-social-element>")).unwrap();
    assert_eq!(mended, social("<mj-social-element alt=\"\" src=\"https://example.com/a.png\">a</mj-social-element>"));
    let good = social("<mj-social-element src=\"https://example.com/a.png\" alt=\"A\">a</mj-social-element>");
    assert_eq!(run(&good).unwrap(), good);
}

/// Every one of them, given by `mj-all`, by a class, and by the element's own default.
#[test]
fn every_refused_attribute_is_refused_as_a_default() {
    for (element, attribute, value, _) in unlike::UNLIKE.iter().copied() {
        let form = components::find(element).and_then(|component| component.attribute(attribute)).unwrap();
        let value = match (value, form) {
            ("", Form::Lengths { .. }) => "3px",
            ("", Form::Integer) => "3",
            ("", Form::OneOf(words)) => words[0],
            ("", _) => "bold",
            (value, _) => value,
        };
        let used = |class: &str| match element {
            "mj-hero" | "mj-section" | "mj-wrapper" => format!("<mj-body><{element}{class}></{element}></mj-body>"),
            "mj-social-element" => {
                let one = format!("<{element}{class} src=\"https://example.com/a.png\">a</{element}>");
                body(&format!("<mj-social>{one}</mj-social>")).replace("<mjml>", "").replace("</mjml>", "")
            }
            "mj-accordion-title" => {
                let one = format!("<mj-accordion-element><{element}{class}>a</{element}></mj-accordion-element>");
                body(&format!("<mj-accordion>{one}</mj-accordion>")).replace("<mjml>", "").replace("</mjml>", "")
            }
            _ => body(&format!("<{element}{class}></{element}>")).replace("<mjml>", "").replace("</mjml>", ""),
        };
        let given = format!("{attribute}=\"{value}\"");
        for (default, class) in [
            (format!("<mj-all {given} />"), ""),
            (format!("<mj-class name=\"c\" {given} />"), " mj-class=\"c\""),
            (format!("<{element} {given} />"), ""),
        ] {
            let mjml = |default: &str| {
                let head = format!("<mj-head><mj-attributes>{default}</mj-attributes></mj-head>");
                format!("<mjml>{head}{}</mjml>", used(class))
            };
            assert!(run(&mjml("")).is_ok(), "{}", run(&mjml("")).unwrap_err().render(false));
            let error = run(&mjml(&default)).map(|_| default).unwrap_err().render(false);
            assert!(error.contains("otherwise than in other renderers"), "{error}");
        }
    }
}

#[test]
fn defaults_that_come_out_otherwise_are_refused_where_an_element_takes_them() {
    let mjml = |defaults: &str, inside: &str| {
        format!(
            "<mjml><mj-head><mj-attributes>{defaults}</mj-attributes></mj-head><mj-body><mj-section><mj-column>{inside}\
             </mj-column></mj-section></mj-body></mjml>"
        )
    };
    let table = "<mj-table><tr><td>a</td></tr></mj-table>";
    let classed = "<mj-table mj-class=\"x lined\"><tr><td>a</td></tr></mj-table>";
    let own = "<mj-table border=\"none\"><tr><td>a</td></tr></mj-table>";
    let lined = "<mj-class name=\"lined\" border=\"1px solid\" />";
    for (defaults, inside) in
        [("<mj-all border=\"1px solid\" />", table), (lined, classed), ("<mj-table border=\"1px solid\" />", "")]
    {
        let mjml = mjml(defaults, inside);
        let error = run(&mjml).unwrap_err();
        assert_eq!(error.place().unwrap().column, mjml.find("border").unwrap() + 1, "{}", error.render(false));
        assert!(error.render(false).contains("write the border in the style of the cells"));
    }
    for (defaults, inside) in [
        ("<mj-all border=\"1px solid\" />", "<mj-text>a</mj-text>"),
        ("<mj-all border=\"1px solid\" />", own),
        ("<mj-all border=\"none\" />", table),
        (lined, table),
    ] {
        assert!(run(&mjml(defaults, inside)).is_ok(), "{defaults} {inside}");
    }
}

#[test]
fn what_mrml_reads_otherwise_is_mended() {
    let mjml = body("<mj-text padding=\"0 10px\" color=\"#abc\" mj-class=\"a b\">a</mj-text>");
    let mended = body("<mj-text padding=\"0px 10px\" color=\"#aabbcc\" mj-class=\"b a\">a</mj-text>");
    assert_eq!(run(&mjml).unwrap(), mended);
}

#[test]
fn a_merge_field_stands_in_texts_and_addresses_only() {
    let mut tokens = tokens();
    let gap = tokens.gap(Gap { source: GapSource::Field("plan".into()), default: None });
    let value = tokens.value("0");
    let check = |inside: String| {
        let mjml = body(&inside);
        lint(&mjml, &tokens, &|range| Place::span("a", &mjml, range))
    };
    assert!(check(format!("<mj-button href=\"https://example.com/{gap}\">{gap}</mj-button>")).is_ok());
    assert!(check(format!("<mj-text padding=\"{gap}\">a</mj-text>")).unwrap_err().message().contains("merge field"));
    assert!(check(format!("<mj-text padding=\"{value}\">a</mj-text>")).unwrap().contains("padding=\"0px\""));
}

#[test]
fn outlook_comments_and_void_elements_need_no_end() {
    let inside = "<mj-raw><!--[if mso]><table><tr><td><![endif]--><br><img src=\"a\"><hr/><!--[if mso]></td></tr></table><![endif]--></mj-raw>";
    run(&body(inside)).unwrap();
}

#[test]
fn letters_beyond_ascii_may_stand_anywhere() {
    // The tokenizer itself panics at the first of these.
    for mjml in ["<mjml><mj-body><ä/></mj-body></mjml>", "<mjml ä=\"ö\"><é", "</ä><", "<mjml>\nää<"] {
        assert!(run(mjml).is_err(), "{mjml}");
    }
}

proptest! {
    #[test]
    fn no_mjml_makes_it_panic(mjml in "(<mjml>|<mj-body>|<mj-text|</mj-text>|</mj-body>| color=\"|\"|>|/>|<|<!--\\[if mso\\]>|<!\\[endif\\]-->|<!--|-->|<p>|</p>|ä|[a-z &;]){0,40}") {
        let _ = run(&mjml);
    }
}
