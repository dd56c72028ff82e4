//! Importing readers: every program's layout, what is shown first, what is confirmed, who never comes back.

use std::io::Write;
use std::net::{Ipv4Addr, UdpSocket};
use std::path::{Path, PathBuf};

use crate::publication::{Output, Publication};

/// The exports of other programs, written by us in their exact layouts.
fn export(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/import").join(name)
}

fn mailchimp() -> Vec<PathBuf> {
    ["subscribed", "unsubscribed", "cleaned", "nonsubscribed"]
        .map(|kind| export(&format!("mailchimp/{kind}_members_export_1a2b3c.csv")))
        .into()
}

/// A publication without a list.
fn letter() -> Publication {
    let letter = Publication::new();
    std::fs::remove_file(letter.path().join("subscribers/readers.csv")).unwrap();
    letter
}

fn import<'a>(letter: &Publication, files: &[PathBuf], more: impl IntoIterator<Item = &'a str>) -> Output {
    let files = files.iter().map(|path| path.to_str().unwrap().to_owned());
    let more = more.into_iter().map(str::to_owned);
    letter.run(["subscribers", "import"].map(str::to_owned).into_iter().chain(files).chain(more))
}

/// `address name status tags` of every reader.
fn readers(letter: &Publication) -> Vec<String> {
    let list = letter.run(["subscribers", "list", "--json"]).success().json();
    let readers = list["readers"].as_array().unwrap().iter();
    let of = |reader: &serde_json::Value, name: &str| reader[name].as_str().unwrap_or("").to_owned();
    let line = |reader| ["email", "name", "status", "tags"].map(|name| of(reader, name)).join("|");
    readers.map(line).collect()
}

#[cfg(unix)]
#[test]
fn another_program_may_hand_an_export_over() {
    use std::process::{Command, Stdio};
    let letter = letter();
    let substack = std::fs::read(export("substack.csv")).unwrap();
    let handed_over = |name: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_letterpress"));
        command.args(["subscribers", "import", name, "--yes"]).current_dir(letter.path());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(&substack).unwrap();
        child.wait().unwrap().success()
    };
    assert!(handed_over("-"));
    let all = readers(&letter);
    assert!(all.contains(&"ann@example.com||active|".to_owned()), "{all:?}");
    assert!(handed_over("/dev/stdin"), "again, and nobody is new");
    assert_eq!(readers(&letter), all);
    import(&letter, &["/dev/null".into()], ["--yes"]).code(1).stderr_has("the file is empty");
}

#[test]
fn every_layout_is_known_and_every_word_means_what_it_says() {
    let cases: [(&str, &[&str], u64); 10] = [
        ("substack", &["ann@example.com||active|", "paid@example.com||active|", "left@example.com||unsubscribed|"], 1),
        (
            "ghost",
            &[
                "ann@example.com|Ann Lee|active|Early-Bird Paid",
                "left@example.com|Bob|unsubscribed|",
                "deleted@example.com|Cem|unsubscribed|",
            ],
            1,
        ),
        (
            "buttondown",
            &[
                "ann@example.com||active|early vip",
                "prem@example.com||active|",
                "new@example.com||pending|",
                "left@example.com||unsubscribed|",
                "bad@example.com||bounced|",
            ],
            1,
        ),
        (
            "listmonk",
            &[
                "ann@example.com|Ann Lee|active|",
                "off@example.com|Bob|unsubscribed|",
                "block@example.com|Cem|unsubscribed|",
            ],
            0,
        ),
        (
            "keila",
            &["ann@example.com|Ann Lee|active|", "left@example.com|Bob|unsubscribed|", "dead@example.com|Cem|bounced|"],
            1,
        ),
        (
            "kit",
            &[
                "ann@example.com|Ann|active|creators vip",
                "new@example.com|New|pending|",
                "left@example.com|Left|unsubscribed|",
                "bad@example.com|Bad|bounced|",
                "spam@example.com|Spam|complained|",
            ],
            1,
        ),
        (
            "beehiiv",
            &[
                "ann@example.com|Ann Lee|active|",
                "left@example.com||unsubscribed|",
                "left2@example.com||unsubscribed|",
                "new@example.com||pending|",
            ],
            1,
        ),
        (
            "mailerlite",
            &[
                "ann@example.com|Ann Lee|active|Early-birds VIP",
                "left@example.com|Bob|unsubscribed|",
                "new@example.com||pending|",
                "junk@example.com||complained|",
            ],
            1,
        ),
        (
            "phplist",
            &[
                "ann@example.com|Ann Lee|active|",
                "black@example.com|Bob|unsubscribed|",
                "off@example.com|Cem|unsubscribed|",
                "new@example.com|Dan|pending|",
            ],
            0,
        ),
        ("google", &["ann@example.com|Ann Lee|active|Book-club", "bob@example.com|Bob|active|"], 0),
    ];
    for (program, expected, ambiguous) in cases {
        let letter = letter();
        let done = import(&letter, &[export(&format!("{program}.csv"))], ["--yes", "--json"]).success().json();
        assert_eq!(done["files"][0]["from"], program);
        assert_eq!(done["counts"]["ambiguous"], ambiguous, "{program}: {done:#}");
        assert_eq!(done["rows"]["without_address"], u64::from(program == "google"));
        assert_eq!(readers(&letter), expected, "{program}");
    }
}

#[test]
fn a_mailchimp_audience_comes_in_as_files_and_as_the_archive() {
    let expected = [
        "ann@example.com|Ann Lee|active|Book-Club VIP",
        "bob@example.com|Bob|active|",
        "dup@example.com|Dora Both|unsubscribed|",
        "cem@example.com|Cem|unsubscribed|",
        "spam@example.com||complained|",
        "gone@example.com|Gus|bounced|",
    ];
    let files = letter();
    let done = import(&files, &mailchimp(), ["--yes", "--json"]).success().json();
    assert_eq!((&done["counts"]["new"], &done["counts"]["not_subscribed"]), (&6.into(), &1.into()), "{done:#}");
    assert_eq!(readers(&files), expected);
    let ann =
        "ann@example.com,Ann Lee,active,Book-Club VIP,2021-03-04T10:20:30Z,2021-03-04T10:20:30Z,2021-03-04T10:25:00Z";
    assert!(files.read("subscribers/readers.csv").contains(ann), "{}", files.read("subscribers/readers.csv"));

    let archive = letter();
    let path = archive.path().join("audience_export.zip");
    let mut zip = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    for file in mailchimp() {
        let name = format!("lists/{}", file.file_name().unwrap().to_str().unwrap());
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(&std::fs::read(&file).unwrap()).unwrap();
    }
    zip.start_file("campaigns.csv", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(b"Title,Subject\nSpring,Hello\n").unwrap();
    zip.finish().unwrap();
    import(&archive, &[path], ["--yes"]).success();
    assert_eq!(readers(&archive), expected);
}

#[test]
fn nothing_happens_before_it_is_shown_and_confirmed() {
    let letter = Publication::new().columns(&["status"]).row(&["ann@example.com", "Ann", "unsubscribed"]);
    let letter = letter.file(
        "more.csv",
        "email,name,status\nann@example.com,Ann,active\nbob@example.com,Bob,active\nbad,x,active\ncem@example.com,,odd\n\
         info@gmial.com,,active\n",
    );
    let before = letter.read("subscribers/readers.csv");
    let headline = "2 new, 0 changed, 1 stays unsubscribed, 1 invalid (row 4), 1 ambiguous";
    let shown = letter.run(["subscribers", "import", "more.csv"]).code(5).stdout_has(headline);
    shown.stderr_has("Add --yes").stderr_has("row 4: `bad` is no address").stderr_has("`odd` is no status");
    letter.run(["subscribers", "import", "more.csv", "--dry-run"]).success().stdout_has(headline);
    let document = letter.run(["subscribers", "import", "more.csv", "--json"]).code(5).json();
    assert_eq!((&document["applied"], &document["counts"]["new"]), (&false.into(), &2.into()));
    letter.run_on_terminal("no", ["subscribers", "import", "more.csv"]).code(5).stdout_has("gmail.com?");
    assert_eq!(letter.read("subscribers/readers.csv"), before);
    letter.run_on_terminal("yes", ["subscribers", "import", "more.csv"]).success().stdout_has("takes it back");
    let after = letter.read("subscribers/readers.csv");
    assert_eq!(after, format!("{before}bob@example.com,Bob,active\ninfo@gmial.com,,active\n"));
    let again = letter.run(["subscribers", "import", "more.csv", "--yes"]).success();
    again.stdout_has("0 new, 0 changed").stderr_has("Nothing to change");
    let back = ["subscribers", "import", "more.csv", "--yes", "--resubscribe", "ANN@example.com"];
    letter.run(back).success().stdout_has("1 come back because you name them");
    assert!(letter.read("subscribers/readers.csv").contains("ann@example.com,Ann,active"));
}

#[test]
fn columns_are_mapped_and_kept_as_asked() {
    let letter = Publication::new().reader("ann@example.com", "");
    let letter = letter.file(
        "x.csv",
        "\u{feff}Adresse;Wer;Plan;Stadt\r\nann@example.com;Zo\u{eb};pro;Rom\r\nneu@example.com;Neu;;\r\n",
    );
    letter.run(["subscribers", "import", "x.csv", "--yes"]).code(1).stderr_has("--map email=HEADING");
    let run = |more: &[&str]| {
        let mapped = ["subscribers", "import", "x.csv", "--yes", "--map", "email=Adresse", "--map", "name=Wer"];
        letter.run(mapped.iter().chain(more))
    };
    run(&["--map", "plan=Plann"]).code(1).stderr_has("did you mean `Plan`?");
    run(&[]).success().stderr_has("left out: Plan, Stadt");
    assert_eq!(letter.read("subscribers/readers.csv"), "email,name\nann@example.com,Zoë\nneu@example.com,Neu\n");
    run(&["--keep-columns", "--set", "consent_source=fair 2026", "--tag", "fair"]).success();
    assert_eq!(
        letter.read("subscribers/readers.csv"),
        "email,name,plan,stadt,consent_source,tags\nann@example.com,Zoë,pro,Rom,fair 2026,fair\n\
         neu@example.com,Neu,,,fair 2026,fair\n"
    );
    run(&["--from", "mailchip"]).code(2).stderr_has("did you mean `mailchimp`?");
}

#[test]
fn what_holds_nobody_is_an_error() {
    let letter = Publication::new().reader("ann@example.com", "");
    for (text, says) in
        [("", "the file is empty"), ("email,name\n", "nobody in this file"), ("email\n\n ,\n", "nobody")]
    {
        std::fs::write(letter.path().join("x.csv"), text).unwrap();
        letter.run(["subscribers", "import", "x.csv", "--yes"]).code(1).stderr_has(says);
    }
    letter.run(["subscribers", "import", "none.csv", "--yes"]).code(1).stderr_has("none.csv");
    assert_eq!(letter.read("subscribers/readers.csv"), "email,name\nann@example.com,\n");
}

#[test]
fn bounces_of_a_provider_are_suppressed_and_stay_out() {
    let letter = Publication::new().reader("ann@example.com", "").reader("bob@example.com", "").article("one", "Hello");
    let letter = letter.setting("relay.url", "file:outbox");
    let letter = letter.file(
        "b.csv",
        "email,type,created\nann@example.com,hard,2026-01-02 03:04:05\nbob@example.com,soft,2026-01-02\nx,hard,\n",
    );
    let suppress = ["subscribers", "suppress", "--import", "b.csv", "--reason", "bounce"];
    letter.run(suppress).code(5).stdout_has("would suppress 1 address; 0 already, 1 passing, 1 invalid");
    letter.run(suppress.iter().chain(&["--yes"])).success();
    assert_eq!(
        letter.read("subscribers/suppressions.csv"),
        "address,reason,date,source\nann@example.com,bounced,2026-01-02,b.csv\n"
    );
    letter
        .run(["subscribers", "suppress", "@example.org", "ann@example.com"])
        .success()
        .stdout_has("suppressed already: ann");
    let counts = letter.run(["subscribers", "suppress", "--json"]).success().json();
    assert_eq!((&counts["addresses"], &counts["domains"]), (&1.into(), &1.into()));
    letter.run(["send", "one", "--yes"]).success().stderr_has("1 suppressed");
    let letter = letter.file("more.csv", "email\nann@example.com\nzoe@example.org\n");
    letter
        .run(["subscribers", "import", "more.csv", "--yes"])
        .success()
        .stdout_has("2 stay unsubscribed")
        .stdout_has("2 suppressed");
    letter
        .run(["subscribers", "unsuppress", "@example.org", "zed@example.com"])
        .code(1)
        .stderr_has("zed@example.com is not suppressed");
    letter.run(["subscribers", "import", "more.csv", "--yes"]).success().stdout_has("1 new");
}

/// Answers every question about a domain of `dead.example` with: there is no such domain; any other has a server.
fn name_server() -> String {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = socket.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        let mut query = [0; 1500];
        while let Ok((length, from)) = socket.recv_from(&mut query) {
            let query = &query[..length];
            let end = 12 + query[12..].iter().position(|b| *b == 0).unwrap() + 5;
            let is_dead = query[12..end].windows(4).any(|part| part == b"dead");
            let mut answer = query[..2].to_vec();
            answer.extend([0x81, if is_dead { 0x83 } else { 0x80 }, 0, 1, 0, u8::from(!is_dead), 0, 0, 0, 0]);
            answer.extend(&query[12..end]);
            if !is_dead {
                answer.extend([0xc0, 12, 0, 15, 0, 1, 0, 0, 0, 60, 0, 4, 0, 10, 0xc0, 12]);
            }
            let _ = socket.send_to(&answer, from);
        }
    });
    address
}

#[test]
fn domains_are_looked_up_when_asked() {
    let server = name_server();
    let letter = Publication::new().reader("ann@live.example", "").reader("bob@dead.example", "");
    let letter = letter.reader("cem@dead.example", "").reader("info@live.example", "");
    let check = ["subscribers", "check", "--mx", "--name-server", &server];
    let said = letter.run(check).success().stderr_has("dead.example (2 readers) does not exist");
    said.stderr_has("info@live.example is not one person's").stdout_has("1 suspicious address");
    let letter = letter.file("x.csv", "email\nzoe@dead.example\nann@live.example\n");
    let import = ["subscribers", "import", "x.csv", "--mx", "--name-server", &server, "--dry-run", "--json"];
    let document = letter.run(import).success().json();
    assert_eq!(document["domains"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&document["domains"][0]["domain"], &document["domains"][0]["verdict"]),
        (&"dead.example".into(), &"no_domain".into())
    );
}
