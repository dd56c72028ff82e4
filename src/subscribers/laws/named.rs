//! What the laws of changing a list once found, or would find seldom, by name.

use super::super::test::list;
use super::*;

#[test]
fn who_left_later_is_not_brought_back_by_undoing_something_earlier() {
    let list = list("email,name,status\nann@example.com,Ann,\nbob@example.com,Bob,\n");
    let files = &list.files;
    let ann = || Address::parse("ann@example.com").unwrap();
    let new = |text: &str| NewReader { address: Address::parse(text).unwrap(), name: String::new(), set: Vec::new() };
    let text = || std::fs::read_to_string(&files.list).unwrap();
    let take_back = |number: Option<u64>| undo(files, &Target::find(files, number)?, false, None, how());

    let added = add(files, &[new("cem@example.com")], false, how()).unwrap().changeset.number;
    remove(files, &[Address::parse("cem@example.com").unwrap(), ann()], how()).unwrap();
    // Undoing the adding would lose that Cem left.
    let error = take_back(added).unwrap_err();
    assert!(error.message().contains("cem@example.com: row 4: `status` is now `unsubscribed`"), "{error}");
    // The very change by which they left can be taken back, and it is said.
    let report = take_back(None).unwrap();
    assert_eq!(report.returned.total, 2);
    assert_eq!(report.returned.first[0].address, "ann@example.com");
    assert!(text().contains("ann@example.com,Ann,\n"), "{}", text());
    // Without a number, undo walks back.
    take_back(None).unwrap();
    assert_eq!(text(), "email,name,status\nann@example.com,Ann,\nbob@example.com,Bob,\n");
    assert!(take_back(None).unwrap_err().message().contains("no change to take back"));
    let error = take_back(Some(2)).unwrap_err();
    assert!(error.message().contains("by change 3") && error.helps()[0].contains("undo 3"), "{error}");
}

#[test]
fn a_deleted_reader_who_came_again_is_not_doubled() {
    let list = list("email,name\nann@example.com,Ann\nbob@example.com,Bob\n");
    let files = &list.files;
    let ann = Address::parse("ann@example.com").unwrap();
    let deleted = delete(files, &Choice::Addresses(vec![ann.clone()]), None, how()).unwrap().changeset.number;
    add(files, &[NewReader { address: ann, name: "A".to_owned(), set: Vec::new() }], false, how()).unwrap();
    let target = Target::find(files, deleted).unwrap();
    let error = undo(files, &target, false, None, how()).unwrap_err();
    assert!(error.message().contains("added again by change 2"), "{error}");
}

#[test]
fn whoever_is_forgotten_is_in_no_history_and_comes_back_by_no_undo() {
    let list = list("email,name\nann@example.com,Ann\nbob@example.com,Bob\n");
    let files = &list.files;
    let who = ["ann@example.com", "bob@example.com"].map(|text| Address::parse(text).unwrap());
    delete(files, &Choice::Addresses(who.to_vec()), None, how()).unwrap();
    assert_eq!(erase(files, &|email| email.eq_ignore_ascii_case("ANN@example.com")).unwrap(), 1);
    let history = std::fs::read_to_string(&files.history).unwrap();
    assert!(!history.to_lowercase().contains("ann"), "{history}");
    let report = undo(files, &Target::find(files, None).unwrap(), false, None, how()).unwrap();
    assert_eq!(report.forgotten, 1);
    assert_eq!(std::fs::read_to_string(&files.list).unwrap(), "email,name\nbob@example.com,Bob\n");
}

#[test]
fn a_change_that_was_written_down_and_never_made_is_nothing_to_take_back() {
    let list = list("email,name\nann@example.com,Ann\nbob@example.com,Bob\n");
    let files = &list.files;
    let before = std::fs::read(&files.list).unwrap();
    let ann = Address::parse("ann@example.com").unwrap();
    delete(files, &Choice::Addresses(vec![ann]), None, how()).unwrap();
    // As a crash between the two leaves them.
    std::fs::write(&files.list, &before).unwrap();
    let history = std::fs::read_to_string(&files.history).unwrap();
    std::fs::write(&files.history, history.replace("{\"change\":1,\"done\":true}\n", "")).unwrap();
    let target = Target::find(files, None).unwrap();
    let report = undo(files, &target, false, None, how()).unwrap();
    assert_eq!((target.done, report.same, report.changeset.number), (false, 1, None));
    assert_eq!(std::fs::read(&files.list).unwrap(), before);
}

#[test]
fn a_letter_beyond_ascii_is_written_whatever_stands_in_the_quotes_of_others() {
    // The list's encoding was looked for with commas between the fields.
    let list = list("email;name\nann@example.com;\nbob@example.com;\";,\"\n");
    let ann = Choice::Addresses(vec![Address::parse("ann@example.com").unwrap()]);
    let name = Assignment { column: "name".to_owned(), operator: Operator::Set, value: "Zoé".to_owned() };
    assign(&list.files, &ann, &[name], false, "edit", None, how()).unwrap();
    let text = std::fs::read_to_string(&list.files.list).unwrap();
    assert_eq!(text, "email;name\nann@example.com;Zoé\nbob@example.com;\";,\"\n");
}

#[test]
fn who_was_forgotten_is_known_also_where_the_whole_domain_is_kept_out() {
    let list = list("email\nann@example.com\n");
    let files = &list.files;
    let ann = Address::parse("ann@example.com").unwrap();
    keep_out(files, domain(), how());
    let folder = files.list.parent().unwrap();
    forget(folder, &ann, how()).unwrap();
    let table = std::fs::read_to_string(&files.suppressions).unwrap();
    // Suppressing them wrote their address down, and forgetting them again a second word.
    keep_out(files, SuppressionTarget::Address(ann.clone()), how());
    forget(folder, &ann, how()).unwrap();
    assert_eq!(std::fs::read_to_string(&files.suppressions).unwrap(), table);
    assert!(Suppressions::load(&files.suppressions).unwrap().find("Ann@example.com").unwrap().is_forgotten);
    let_in(files, domain(), how());
    assert!(Suppressions::load(&files.suppressions).unwrap().find("ann@example.com").unwrap().is_forgotten);
}
