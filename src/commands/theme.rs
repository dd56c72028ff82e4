//! `letterpress theme`: which themes there are, what they can be told, and their files for editing.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{Exit, Session};
use crate::diagnostic::{Diagnostic, Result, did_you_mean, shown_path};
use crate::durable::{self, Privacy};
use crate::edition::Theme;
use crate::edition::theme::{builtin, names};
use crate::project::Project;

/// See and change how mails look: list themes, list a theme's settings, take its files out for editing
#[derive(Debug, Args)]
pub struct ThemeArgs {
    #[command(subcommand)]
    pub action: ThemeAction,
}

#[derive(Debug, Subcommand)]
pub enum ThemeAction {
    List(ListArgs),
    Settings(SettingsArgs),
    Copy(CopyArgs),
}

/// List the themes; `name` in [theme] chooses one
#[derive(Debug, Args)]
pub struct ListArgs {}

/// List what [theme] can set for the chosen theme, with the values in use
#[derive(Debug, Args)]
pub struct SettingsArgs {}

/// Copy files of the chosen theme into templates/, where they replace the built-in ones
#[derive(Debug, Args)]
#[command(after_help = "Files that exist are not overwritten. What isn't copied stays as it is built in.")]
pub struct CopyArgs {
    /// Which, as in `article.mjml` or `partials/style.mjml`; all of them when left out
    #[arg(value_name = "FILE")]
    pub files: Vec<String>,
}

pub fn run(args: &ThemeArgs, session: &Session) -> Result<Exit> {
    let project = session.project()?;
    match &args.action {
        ThemeAction::List(_) => list(&project, session),
        ThemeAction::Settings(_) => settings(&project, session),
        ThemeAction::Copy(args) => copy(args, &project, session),
    }
}

fn list(project: &Project, session: &Session) -> Result<Exit> {
    let screen = session.screen;
    let chosen = project.config.settings.theme.name();
    let mut listed = Vec::new();
    for name in names(&project.templates()) {
        let theme = Theme::load(&project.templates(), &name)?;
        let is_chosen = name == chosen;
        let mark = if is_chosen { "*" } else { " " };
        screen.result(format!("{mark} {name:<10} {}", theme.schema.about));
        listed.push(json!({"name": name, "chosen": is_chosen, "about": theme.schema.about}));
    }
    screen.document(&Value::Array(listed));
    Ok(Exit::Done)
}

fn settings(project: &Project, session: &Session) -> Result<Exit> {
    let screen = session.screen;
    let theme = project.theme()?;
    let look = theme.schema.look(&project.config.settings.theme.0);
    let mut listed = serde_json::Map::new();
    for (key, setting) in &theme.schema.settings {
        let range = setting.range.map(|(least, most)| format!(" {least}-{most}")).unwrap_or_default();
        let value = &look[key];
        screen.result(format!("{key} = {value}"));
        screen.result(format!("    {} ({}{range})", setting.about, setting.kind.name()));
        listed.insert(
            key.clone(),
            json!({
                "type": setting.kind.name(), "value": value, "default": setting.default, "range": setting.range,
                "about": setting.about,
            }),
        );
    }
    screen.document(&Value::Object(listed));
    Ok(Exit::Done)
}

fn copy(args: &CopyArgs, project: &Project, session: &Session) -> Result<Exit> {
    let name = project.config.settings.theme.name();
    let theme = project.theme()?;
    if builtin::of(name).is_none() {
        return Err(Diagnostic::error(format!("the theme `{name}` is your own: its files lie in templates/{name}"))
            .help("name a built-in theme in [theme] to copy from"));
    }
    let known: Vec<&(&str, &str)> = builtin::files(name).collect();
    for wanted in &args.files {
        if !known.iter().any(|(file, _)| file == wanted) {
            let names: Vec<&str> = known.iter().map(|(file, _)| *file).collect();
            let help = match did_you_mean(wanted, names.iter().copied()) {
                Some(likely) => format!("did you mean `{likely}`?"),
                None => format!("there are {}", names.join(", ")),
            };
            return Err(Diagnostic::error(format!("the theme `{name}` has no file `{wanted}`")).help(help));
        }
    }
    let chosen = known.into_iter().filter(|(file, _)| args.files.is_empty() || args.files.iter().any(|it| it == file));
    let chosen: Vec<_> = chosen.map(|(file, text)| (project.templates().join(file), *text)).collect();
    if let Some((path, _)) = chosen.iter().find(|(path, _)| path.exists()) {
        return Err(Diagnostic::error(format!("{} exists already; nothing was copied", shown_path(path)))
            .help("name the files to copy, or move that one away"));
    }
    for (path, text) in &chosen {
        if let Some(folder) = path.parent() {
            durable::create_folder(folder, Privacy::Shared)?;
        }
        durable::create_new(path, Privacy::Shared, text.as_bytes())?;
        session.screen.result(shown_path(path));
    }
    session.screen.say(format!("These replace the built-in files of {}", theme.name));
    let paths: Vec<String> = chosen.iter().map(|(path, _)| shown_path(path)).collect();
    session.screen.document(&json!({"theme": name, "files": paths}));
    Ok(Exit::Done)
}
