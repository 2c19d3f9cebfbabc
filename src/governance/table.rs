//! Pages as CSV (RFC 4180) for a spreadsheet: a head, then the lines of one page after the other.
//!
//! A cell that a spreadsheet would take for a formula gets an apostrophe before it. Owners and names come from records,
//! and a record is written by whoever may write it.

use super::{ClientSecretLine, Finding, InventoryLine, InventoryPage, ReviewPage, StandingLine, WalkError};

const INVENTORY: [&str; 29] = [
    "class",
    "id",
    "state",
    "lifecycle",
    "organization",
    "owner",
    "revoker",
    "name",
    "environment",
    "scopes",
    "created",
    "ageDays",
    "notBefore",
    "expires",
    "lastUsed",
    "lastUsedPrecision",
    "usageUnreadable",
    "imported",
    "publishable",
    "replaces",
    "replacedBy",
    "overlapUntil",
    "revocationReason",
    "unreadable",
    "secret",
    "issuer",
    "clientId",
    "hint",
    "lastToken",
];

const FINDINGS: [&str; 19] = [
    "severity",
    "rule",
    "title",
    "nhi",
    "nhiName",
    "csf20",
    "csf11",
    "class",
    "id",
    "pointer",
    "organization",
    "name",
    "owner",
    "evidence",
    "blindSpot",
    "ask",
    "advice",
    "command",
    "secret",
];

/// The head of the inventory.
#[must_use]
pub fn inventory_csv_head() -> String {
    row(INVENTORY)
}

/// The lines of a page of the inventory. Times are whole seconds since the Unix epoch.
#[must_use]
pub fn inventory_csv_rows(page: &InventoryPage) -> String {
    let row = |line: &StandingLine| match line {
        StandingLine::Key(line) => inventory_row(line),
        StandingLine::ClientSecret(line) => client_secret_row(line),
    };
    page.lines.iter().map(row).collect()
}

/// A last line that says that the inventory is not whole, in the columns `state` and `unreadable`.
#[must_use]
pub fn inventory_csv_stopped(error: &WalkError) -> String {
    row(INVENTORY.map(|column| match column {
        "state" => "incomplete".to_owned(),
        "unreadable" => error.to_string(),
        _ => String::new(),
    }))
}

/// The head of the findings.
#[must_use]
pub fn findings_csv_head() -> String {
    row(FINDINGS)
}

/// The findings of a page.
#[must_use]
pub fn findings_csv_rows(page: &ReviewPage) -> String {
    page.findings.iter().map(finding_row).collect()
}

/// A last line that says that the review is not whole, in the columns `severity`, `rule` and `evidence`.
#[must_use]
pub fn findings_csv_stopped(error: &WalkError) -> String {
    row(FINDINGS.map(|column| match column {
        "severity" => "critical".to_owned(),
        "rule" => "incomplete".to_owned(),
        "evidence" => error.to_string(),
        _ => String::new(),
    }))
}

fn inventory_row(line: &InventoryLine) -> String {
    let number = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
    let said = line.said.as_ref();
    let rotation = said.and_then(|said| said.rotation.as_ref());
    let reason = said
        .and_then(|said| said.revocation.as_ref())
        // The word as it stands in records.
        .and_then(|revocation| serde_json::to_value(revocation.reason).ok())
        .and_then(|reason| reason.as_str().map(str::to_owned));
    let cells: [String; INVENTORY.len()] = [
        line.class.as_str().to_owned(),
        line.id.clone(),
        line.state.as_str().to_owned(),
        line.lifecycle.map(|lifecycle| lifecycle.as_str().to_owned()).unwrap_or_default(),
        said.map(|said| said.organization.clone()).unwrap_or_default(),
        said.map(|said| said.owner.clone()).unwrap_or_default(),
        said.map(|said| said.revoker.clone()).unwrap_or_default(),
        said.map(|said| said.name.clone()).unwrap_or_default(),
        said.map(|said| said.environment.as_str().to_owned()).unwrap_or_default(),
        said.map(|said| said.scopes.join(" ")).unwrap_or_default(),
        number(said.map(|said| said.created)),
        number(said.map(|said| said.age_days)),
        number(said.and_then(|said| said.not_before)),
        number(said.and_then(|said| said.expires)),
        number(line.last_used),
        number(line.last_used_precision.map(i64::from)),
        line.usage_unreadable.to_string(),
        said.map(|said| said.imported.to_string()).unwrap_or_default(),
        said.map(|said| said.publishable.to_string()).unwrap_or_default(),
        rotation.and_then(|rotation| rotation.replaces.clone()).unwrap_or_default(),
        rotation.and_then(|rotation| rotation.replaced_by.clone()).unwrap_or_default(),
        number(rotation.and_then(|rotation| rotation.overlap_until)),
        reason.unwrap_or_default(),
        line.unreadable.clone().unwrap_or_default(),
        // What only clients have.
        String::new(),
        String::new(),
        String::new(),
        String::new(),
        String::new(),
    ];
    row(cells)
}

fn client_secret_row(line: &ClientSecretLine) -> String {
    let number = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
    let or_none = |text: &Option<String>| text.clone().unwrap_or_default();
    row(INVENTORY.map(|column| match column {
        "class" => line.class.as_str().to_owned(),
        "id" => line.id.clone(),
        "state" => line.state.as_str().to_owned(),
        "lifecycle" => line.lifecycle.map(|lifecycle| lifecycle.as_str().to_owned()).unwrap_or_default(),
        "organization" => or_none(&line.organization),
        "owner" => or_none(&line.owner),
        "revoker" => or_none(&line.revoker),
        "name" => or_none(&line.name),
        "scopes" => line.scopes.join(" "),
        "created" => number(line.created),
        "ageDays" => number(line.age_days),
        "expires" => number(line.expires),
        "lastUsed" => number(line.last_used.flatten()),
        "usageUnreadable" => line.usage_unreadable.to_string(),
        "unreadable" => or_none(&line.unreadable),
        "secret" => or_none(&line.secret),
        "issuer" => or_none(&line.issuer),
        "clientId" => or_none(&line.client_id),
        "hint" => or_none(&line.hint),
        "lastToken" => number(line.last_token),
        _ => String::new(),
    }))
}

fn finding_row(finding: &Finding) -> String {
    let subject = &finding.subject;
    let or_none = |text: &Option<String>| text.clone().unwrap_or_default();
    let cells: [String; FINDINGS.len()] = [
        finding.severity.as_str().to_owned(),
        finding.rule.to_owned(),
        finding.title.to_owned(),
        finding.nhi.to_owned(),
        finding.nhi_name.to_owned(),
        finding.csf20.join(" "),
        finding.csf11.join(" "),
        subject.class.as_str().to_owned(),
        or_none(&subject.id),
        or_none(&subject.pointer),
        or_none(&subject.organization),
        or_none(&subject.name),
        or_none(&subject.owner),
        finding.evidence.words.clone(),
        finding.blind_spot.to_owned(),
        match &finding.ask.who {
            Some(who) => format!("{}: {who}", finding.ask.part.as_str()),
            None => finding.ask.part.as_str().to_owned(),
        },
        finding.advice.to_owned(),
        or_none(&finding.command),
        or_none(&subject.secret),
    ];
    row(cells)
}

fn row<T: AsRef<str>>(cells: impl IntoIterator<Item = T>) -> String {
    let cells: Vec<_> = cells.into_iter().map(|text| cell(text.as_ref())).collect();
    format!("{}\r\n", cells.join(","))
}

/// One cell, harmless and quoted where anything in it could mean something.
fn cell(text: &str) -> String {
    // The full-width forms are taken for the others by spreadsheets of some languages.
    const FORMULA: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];
    let is_number = text.parse::<i64>().is_ok();
    let harmless = if text.starts_with(FORMULA) && !is_number { format!("'{text}") } else { text.to_owned() };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b" _-.:/".contains(&byte);
    // Not the comma alone: some spreadsheets part cells at semicolons or tabs.
    if harmless.bytes().all(plain) && harmless.trim() == harmless {
        harmless
    } else {
        format!("\"{}\"", harmless.replace('"', "\"\""))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::governance::{
        PageError, Progress, ReviewRules, Summary, review_key,
        testing::{DIGEST, NOW, key, key_used},
    };
    use crate::host::HostError;

    /// A reader of RFC 4180, as strict as it is short.
    fn read(text: &str) -> Vec<Vec<String>> {
        let (mut rows, mut rest) = (Vec::new(), text);
        while !rest.is_empty() {
            let mut cells = Vec::new();
            loop {
                let mut value = String::new();
                if let Some(quoted) = rest.strip_prefix('"') {
                    rest = quoted;
                    loop {
                        let (before, after) = rest.split_once('"').expect("a closing quote");
                        value.push_str(before);
                        rest = after;
                        match rest.strip_prefix('"') {
                            Some(more) => {
                                value.push('"');
                                rest = more;
                            }
                            None => break,
                        }
                    }
                } else {
                    let end = rest.find([',', '\r']).expect("an end");
                    value.push_str(&rest[..end]);
                    assert!(!value.contains(['"', '\n']), "{value}");
                    rest = &rest[end..];
                }
                cells.push(value);
                match rest.strip_prefix(',') {
                    Some(more) => rest = more,
                    None => break,
                }
            }
            rest = rest.strip_prefix("\r\n").expect("the end of a line");
            rows.push(cells);
        }
        rows
    }

    fn findings(change: &serde_json::Value) -> ReviewPage {
        let findings = review_key(&key(change), &ReviewRules::default(), NOW);
        ReviewPage { findings, summary: Summary::default(), cursor: None }
    }

    fn inventory(key: &crate::governance::KeyReading) -> InventoryPage {
        InventoryPage {
            lines: vec![StandingLine::Key(Box::new(InventoryLine::of(key, NOW)))],
            entries: 1,
            cursor: None,
        }
    }

    #[test]
    fn what_a_spreadsheet_would_run_is_text() {
        for (text, expected) in [
            ("plain name", "plain name"),
            ("=cmd|' /C calc'!A0", "\"'=cmd|' /C calc'!A0\""),
            ("+1+1", "\"'+1+1\""),
            ("-2+3", "\"'-2+3\""),
            ("-5", "-5"),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("\t=1", "\"'\t=1\""),
            ("\r=1", "\"'\r=1\""),
            ("＝1", "\"'＝1\""),
            ("a,b", "\"a,b\""),
            ("a;=1", "\"a;=1\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("two\r\nlines", "\"two\r\nlines\""),
            (" blank", "\" blank\""),
            ("", ""),
        ] {
            assert_eq!(cell(text), expected, "{text:?}");
        }
    }

    #[test]
    fn every_line_has_a_cell_for_every_column() {
        let names = ["=cmd|' /C calc'!A0", "<script>", "'; rm -rf /", "\u{202e}\u{5d0}\u{5d1}", "a\r\nb\"c,d", "-1-1"];
        for name in names {
            let change = json!({ "name": name, "owner": name, "organization": name, "scopes": ["*"] });
            let page = findings(&change);
            let rows = read(&format!("{}{}", findings_csv_head(), findings_csv_rows(&page)));
            assert_eq!(rows.len(), page.findings.len() + 1);
            assert!(rows.len() > 2 && rows.iter().all(|cells| cells.len() == FINDINGS.len()), "{rows:?}");
            let shown = &rows[1][FINDINGS.iter().position(|column| *column == "name").expect("a column")];
            let expected = if name.starts_with(['=', '-']) { format!("'{name}") } else { name.to_owned() };
            assert_eq!(*shown, expected);

            let rows = read(&format!("{}{}", inventory_csv_head(), inventory_csv_rows(&inventory(&key(&change)))));
            assert!(rows.len() == 2 && rows.iter().all(|cells| cells.len() == INVENTORY.len()), "{rows:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_comes_back_and_is_no_formula(
            text in "[=+@\\-＝＋－＠\t\r\n\",;' a1]{0,8}|.{0,20}",
            other in ".{0,5}",
        ) {
            let rows = read(&row([&text, &other]));
            let [shown, beside] = rows[0].as_slice() else { panic!("{rows:?}") };
            proptest::prop_assert!(rows.len() == 1 && beside.trim_start_matches('\'').ends_with(other.trim_start_matches('\'')));
            proptest::prop_assert_eq!(shown.strip_prefix('\'').filter(|_| !text.starts_with('\'')).unwrap_or(shown), &text);
            let formula = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];
            proptest::prop_assert!(!shown.starts_with(formula) || shown.parse::<i64>().is_ok(), "{}", shown);
        }
    }

    #[test]
    fn a_line_of_the_inventory_says_what_the_record_says() {
        let change = json!({
            "expires": NOW + 5, "notBefore": NOW - 9, "imported": true, "scopes": ["a:read", "a:write"],
            "rotation": { "replaces": "old", "replacedBy": "new", "overlapUntil": NOW + 3 },
            "revocation": { "at": NOW - 1, "by": "sec", "reason": "key_compromise" },
        });
        let usage = json!({ "v": 1, "lastUsed": NOW - 60, "precision": 3600 });
        let text = inventory_csv_rows(&inventory(&key_used(&change, &usage)));
        assert_eq!(
            text,
            format!(
                "api_key,4fJ9aZ0kQ2mX7bTe,revoked,ended,org_1,ada,sec,export,live,a:read a:write,{},10,{},{},{},3600,false,true,false,old,new,{},key_compromise,,,,,,\r\n",
                NOW - 10 * 86_400,
                NOW - 9,
                NOW + 5,
                NOW - 60,
                NOW + 3
            )
        );
        assert!(!text.contains(&DIGEST[8..]));
        let text = inventory_csv_rows(&inventory(&key(&json!({ "v": 2 }))));
        assert_eq!(
            text,
            "api_key,4fJ9aZ0kQ2mX7bTe,unreadable,,,,,,,,,,,,,,false,,,,,,,the record is not of version 1,,,,,\r\n"
        );
    }

    #[test]
    fn a_table_that_is_not_whole_says_so_in_its_last_line() {
        let page = PageError { cursor: None, read: 3, error: HostError("=the \"line\" is dead".to_owned()) };
        let error = Progress::default().stopped(page);
        for (rows, state) in
            [(read(&findings_csv_stopped(&error)), "critical"), (read(&inventory_csv_stopped(&error)), "incomplete")]
        {
            assert!(rows[0].iter().any(|cell| cell.starts_with("this is not the whole list")), "{rows:?}");
            assert!(rows[0].iter().any(|cell| cell == state) && rows[0].iter().any(|cell| cell == "incomplete"));
        }
    }
}
