//! The layouts of the programs that people come from: by which headings each is known, which of its columns are ours,
//! and what its words for a reader's status mean.
//!
//! Headings stand here in their normal form: lower-case, `_` for spaces and hyphens.

use super::preset::Preset;
use super::standing::Question::{FileName, Filled, Flag, Perhaps, Word};
use super::standing::Standing;

const NAMES: [(&str, &[&str]); 3] =
    [("name", &["name", "full_name"]), ("first_name", &["first_name"]), ("last_name", &["last_name"])];

static MAILCHIMP: Preset = Preset {
    name: "mailchimp",
    title: "Mailchimp",
    signatures: &[&[&["email_address"], &["member_rating", "optin_time", "leid", "euid"]]],
    columns: &[
        ("email", &["email_address"]),
        NAMES[1],
        NAMES[2],
        ("tags", &["tags"]),
        ("language", &["language"]),
        ("subscribed_at", &["optin_time", "confirm_time"]),
        ("consent_time", &["optin_time", "confirm_time"]),
        ("confirmed_at", &["confirm_time"]),
    ],
    questions: &[
        Perhaps(&["unsub_reason"], &[("abuse", Standing::Complained), ("spam", Standing::Complained)]),
        Filled(&["unsub_time"], Standing::Unsubscribed),
        Filled(&["clean_time"], Standing::Bounced),
        Word(
            &["status"],
            &[
                ("subscribed", Standing::Active),
                ("unsubscribed", Standing::Unsubscribed),
                ("cleaned", Standing::Bounced),
                ("pending", Standing::Pending),
                ("transactional", Standing::NotSubscribed),
                ("non-subscribed", Standing::NotSubscribed),
                ("nonsubscribed", Standing::NotSubscribed),
                ("archived", Standing::NotSubscribed),
            ],
        ),
        FileName(&[
            ("subscribed", Standing::Active),
            ("unsubscribed", Standing::Unsubscribed),
            ("cleaned", Standing::Bounced),
            ("nonsubscribed", Standing::NotSubscribed),
        ]),
    ],
    unsaid: None,
    note: None,
    without_address: false,
};

static SUBSTACK: Preset = Preset {
    name: "substack",
    title: "Substack",
    signatures: &[
        &[&["email"], &["active_subscription"], &["email_disabled"]],
        &[&["email"], &["subscription_type"], &["subscription_date"], &["receiving_emails_for"]],
    ],
    columns: &[("email", &["email"]), NAMES[0], ("subscribed_at", &["created_at", "subscription_date"])],
    questions: &[
        // `active_subscription` is about money: someone who pays nothing is a reader all the same.
        Flag(&["email_disabled"], Some(Standing::Unsubscribed), Some(Standing::Active)),
        Filled(&["receiving_emails_for"], Standing::Active),
    ],
    unsaid: None,
    note: None,
    without_address: false,
};

static GHOST: Preset = Preset {
    name: "ghost",
    title: "Ghost",
    signatures: &[&[&["email"], &["subscribed_to_emails"], &["complimentary_plan", "stripe_customer_id", "labels"]]],
    columns: &[("email", &["email"]), NAMES[0], ("tags", &["labels"]), ("subscribed_at", &["created_at"])],
    questions: &[
        Filled(&["deleted_at"], Standing::Unsubscribed),
        Flag(&["subscribed_to_emails"], Some(Standing::Active), Some(Standing::Unsubscribed)),
    ],
    unsaid: None,
    note: None,
    without_address: false,
};

static BUTTONDOWN: Preset = Preset {
    name: "buttondown",
    title: "Buttondown",
    signatures: &[
        &[&["email", "email_address"], &["subscriber_type", "type"], &["creation_date", "secondary_id", "metadata"]],
        &[&["email", "email_address"], &["unsubscription_date"], &["creation_date", "metadata", "tags"]],
    ],
    columns: &[
        ("email", &["email", "email_address"]),
        NAMES[0],
        ("tags", &["tags"]),
        ("subscribed_at", &["creation_date"]),
    ],
    questions: &[
        Filled(&["unsubscription_date"], Standing::Unsubscribed),
        Word(
            &["subscriber_type", "type"],
            &[
                ("regular", Standing::Active),
                ("premium", Standing::Active),
                ("trialed", Standing::Active),
                ("gifted", Standing::Active),
                ("churning", Standing::Active),
                ("paused", Standing::Active),
                ("past_due", Standing::Active),
                ("unactivated", Standing::Pending),
                ("unsubscribed", Standing::Unsubscribed),
                ("removed", Standing::Unsubscribed),
                ("blocked", Standing::Unsubscribed),
                ("spammy", Standing::Unsubscribed),
                ("undeliverable", Standing::Bounced),
                ("complained", Standing::Complained),
            ],
        ),
    ],
    unsaid: None,
    note: None,
    without_address: false,
};

static LISTMONK: Preset = Preset {
    name: "listmonk",
    title: "listmonk",
    signatures: &[&[&["uuid"], &["email"], &["attributes"], &["status"]]],
    columns: &[("email", &["email"]), NAMES[0], ("subscribed_at", &["created_at"])],
    questions: &[Word(
        &["status"],
        &[
            ("enabled", Standing::Active),
            ("disabled", Standing::Unsubscribed),
            ("blocklisted", Standing::Unsubscribed),
            ("blacklisted", Standing::Unsubscribed),
        ],
    )],
    unsaid: None,
    note: Some(
        "listmonk's export says who is blocklisted, not who left a single list: export the list's unsubscribed readers \
         too and import them with `--status unsubscribed`",
    ),
    without_address: false,
};

static KEILA: Preset = Preset {
    name: "keila",
    title: "Keila",
    signatures: &[&[&["email"], &["first_name"], &["last_name"], &["data"]]],
    columns: &[("email", &["email"]), NAMES[1], NAMES[2]],
    questions: &[Word(
        &["status"],
        &[("active", Standing::Active), ("unsubscribed", Standing::Unsubscribed), ("unreachable", Standing::Bounced)],
    )],
    unsaid: None,
    note: None,
    without_address: false,
};

static KIT: Preset = Preset {
    name: "kit",
    title: "Kit",
    signatures: &[&[&["email", "email_address"], &["first_name"], &["state", "status"], &["created_at"]]],
    columns: &[
        ("email", &["email", "email_address"]),
        NAMES[1],
        NAMES[2],
        ("tags", &["tags"]),
        ("subscribed_at", &["created_at"]),
    ],
    questions: &[Word(
        &["state", "status"],
        &[
            ("active", Standing::Active),
            ("confirmed", Standing::Active),
            ("inactive", Standing::Pending),
            ("unconfirmed", Standing::Pending),
            ("cancelled", Standing::Unsubscribed),
            ("canceled", Standing::Unsubscribed),
            ("unsubscribed", Standing::Unsubscribed),
            ("bounced", Standing::Bounced),
            ("complained", Standing::Complained),
        ],
    )],
    unsaid: None,
    note: None,
    without_address: false,
};

static BEEHIIV: Preset = Preset {
    name: "beehiiv",
    title: "beehiiv",
    signatures: &[&[
        &["email"],
        &["status"],
        &["created_at", "subscribed_at"],
        &["tier", "subscription_tier", "free_tier", "acquisition_source", "subscription_premium_tiers"],
    ]],
    columns: &[
        ("email", &["email"]),
        NAMES[0],
        NAMES[1],
        NAMES[2],
        ("tags", &["tags"]),
        ("subscribed_at", &["created_at", "subscribed_at"]),
    ],
    questions: &[
        Filled(&["unsubscribed_at"], Standing::Unsubscribed),
        Word(
            &["status"],
            &[
                ("active", Standing::Active),
                ("pending", Standing::Pending),
                ("validating", Standing::Pending),
                ("inactive", Standing::Unsubscribed),
                ("unsubscribed", Standing::Unsubscribed),
                ("invalid", Standing::Bounced),
            ],
        ),
    ],
    unsaid: None,
    note: None,
    without_address: false,
};

static MAILERLITE: Preset = Preset {
    name: "mailerlite",
    title: "MailerLite",
    signatures: &[&[&["subscriber"], &["subscribed", "sent", "location"]]],
    columns: &[
        ("email", &["subscriber", "email"]),
        NAMES[1],
        ("first_name", &["name"]),
        NAMES[2],
        ("tags", &["groups"]),
        ("language", &["language"]),
        ("subscribed_at", &["subscribed"]),
        ("consent_time", &["opt_in_date", "opted_in"]),
        ("confirmed_at", &["confirmation_date"]),
    ],
    questions: &[
        Filled(&["unsubscribed"], Standing::Unsubscribed),
        Word(
            &["status", "type"],
            &[
                ("active", Standing::Active),
                ("unconfirmed", Standing::Pending),
                ("unsubscribed", Standing::Unsubscribed),
                ("bounced", Standing::Bounced),
                ("junk", Standing::Complained),
            ],
        ),
    ],
    unsaid: None,
    note: None,
    without_address: false,
};

static PHPLIST: Preset = Preset {
    name: "phplist",
    title: "phpList",
    signatures: &[&[
        &["email"],
        &["is_this_subscriber_confirmed", "is_this_user_confirmed", "confirmed"],
        &["is_this_subscriber_blacklisted", "is_this_user_blacklisted", "blacklisted"],
    ]],
    columns: &[("email", &["email"]), NAMES[0], NAMES[1], NAMES[2], ("subscribed_at", &["entered"])],
    questions: &[
        Flag(
            &["is_this_subscriber_blacklisted", "is_this_user_blacklisted", "blacklisted"],
            Some(Standing::Unsubscribed),
            None,
        ),
        Flag(&["is_this_account_disabled?", "disabled"], Some(Standing::Unsubscribed), None),
        Flag(
            &["is_this_subscriber_confirmed", "is_this_user_confirmed", "confirmed"],
            Some(Standing::Active),
            Some(Standing::Pending),
        ),
    ],
    unsaid: None,
    note: None,
    without_address: false,
};

static GOOGLE: Preset = Preset {
    name: "google",
    title: "Google Contacts",
    signatures: &[&[&["e_mail_1___value"]]],
    columns: &[
        ("email", &["e_mail_1___value", "e_mail_2___value", "e_mail_3___value"]),
        ("name", &["name"]),
        ("first_name", &["first_name", "given_name"]),
        ("last_name", &["last_name", "family_name"]),
        ("tags", &["labels", "group_membership"]),
    ],
    questions: &[],
    unsaid: Some(Standing::Active),
    note: Some(
        "Google Contacts holds people you know, and doesn't say who of them asked for a newsletter: import those who did",
    ),
    without_address: true,
};

/// Any other table: columns are known by the names that people give them.
pub(super) static PLAIN: Preset = Preset {
    name: "csv",
    title: "CSV",
    signatures: &[],
    columns: &[
        (
            "email",
            &[
                "email",
                "e_mail",
                "email_address",
                "e_mail_address",
                "mail",
                "mail_address",
                "e_mail_adresse",
                "courriel",
                "subscriber_email",
            ],
        ),
        ("name", &["name", "full_name", "display_name"]),
        ("first_name", &["first_name", "firstname", "fname", "given_name", "vorname", "prénom"]),
        ("last_name", &["last_name", "lastname", "lname", "surname", "family_name", "nachname"]),
        ("tags", &["tags", "labels", "groups"]),
        ("language", &["language", "lang", "locale"]),
        ("subscribed_at", &["subscribed_at", "created_at", "signup_date", "signed_up_at", "date_added", "optin_time"]),
        ("consent_source", &["consent_source", "signup_source", "opt_in_source"]),
        ("consent_time", &["consent_time", "consent_at", "opt_in_time", "optin_time"]),
        ("consent_wording", &["consent_wording", "consent_text"]),
        ("consent_form", &["consent_form", "signup_url"]),
        ("confirmed_at", &["confirmed_at", "confirm_time", "confirmation_date"]),
    ],
    questions: &[Word(&["status", "state", "subscription_status", "subscriber_status"], WORDS)],
    unsaid: None,
    note: None,
    without_address: false,
};

/// The words for a status in a table of unknown origin: only those that mean one thing everywhere.
pub(super) const WORDS: &[(&str, Standing)] = &[
    ("active", Standing::Active),
    ("subscribed", Standing::Active),
    ("pending", Standing::Pending),
    ("unconfirmed", Standing::Pending),
    ("unsubscribed", Standing::Unsubscribed),
    ("opted out", Standing::Unsubscribed),
    ("opt-out", Standing::Unsubscribed),
    ("bounced", Standing::Bounced),
    ("hard bounced", Standing::Bounced),
    ("cleaned", Standing::Bounced),
    ("complained", Standing::Complained),
    ("complaint", Standing::Complained),
    ("spam", Standing::Complained),
];

/// In the order in which they are tried: those with the most telling headings first.
pub(super) static ALL: [&Preset; 12] = [
    &MAILCHIMP,
    &SUBSTACK,
    &GHOST,
    &LISTMONK,
    &KEILA,
    &PHPLIST,
    &GOOGLE,
    &MAILERLITE,
    &BUTTONDOWN,
    &BEEHIIV,
    &KIT,
    &PLAIN,
];
