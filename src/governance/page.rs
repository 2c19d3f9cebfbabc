//! The review as a page that a person reads: one HTML document, made from the top to the bottom, page by page.
//!
//! It has no script and loads nothing. Its one style sheet stands in it and is named by its hash in [`page_csp`], which the
//! page carries too, so that it is as safe as a file on somebody's disk. All that comes from a record is escaped, and
//! set apart from what stands around it, so that a name which is written from right to left moves nothing else.

use std::fmt::Write as _;

use base64ct::{Base64, Encoding};
use sha2::{Digest, Sha256};

use super::{
    Finding, ReviewPage, ReviewRules, Severity, Summary, WalkError,
    words::{count, is_unseen, moment},
};
use crate::host::UnixMillis;

const STYLE: &str = include_str!("page.css");

/// The Content-Security-Policy under which the page works: nothing but its own style sheet, by its hash.
#[must_use]
pub fn page_csp() -> String {
    format!("{}; frame-ancestors 'none'", csp_of_meta())
}

/// As much of it as an element of the page may say.
fn csp_of_meta() -> String {
    let hash = Base64::encode_string(&Sha256::digest(STYLE));
    format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'")
}

/// The head of the page, up to the findings.
#[must_use]
pub fn page_head(now: UnixMillis, rules: &ReviewRules) -> String {
    let environment = rules
        .environment
        .map_or_else(String::new, |environment| format!(" of the <code>{}</code> environment", environment.as_str()));
    let limits = [
        ("age of a key", rules.max_age_days),
        ("age of a client's secret", rules.max_client_secret_age_days),
        ("rest", rules.unused_days),
        ("wait for a first use", rules.never_used_days),
        ("overlap", rules.overlap_days),
        ("switched off", rules.disabled_days),
    ]
    .map(|(what, days)| format!("{what} {}", count(days.into())));
    let heads = ["Severity", "Credential", "What is wrong", "Ask", "Mend"]
        .map(|head| format!("<th scope=\"col\" role=\"columnheader\">{head}</th>"));
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta name=\"robots\" content=\"noindex\">\n<title>Review of standing credentials</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<header>\n<h1>Review of standing credentials</h1>\n\
         <p>API keys{environment} and secrets of M2M clients, as they stood on <time datetime=\"{1}\">{2}</time>. Limits: {3}.</p>\n</header>\n<main>\n\
         <table role=\"table\">\n<caption>Findings, page by page of the store, the worst of each page first</caption>\n\
         <thead role=\"rowgroup\">\n<tr role=\"row\">{4}</tr>\n</thead>\n<tbody role=\"rowgroup\">\n",
        csp_of_meta(),
        escaped(&moment(now.seconds()).replace(' ', "T").replace("TUTC", "Z")),
        escaped(&moment(now.seconds())),
        limits.join(", "),
        heads.concat(),
    )
}

/// The findings of a page, as rows.
#[must_use]
pub fn page_rows(page: &ReviewPage) -> String {
    page.findings.iter().map(row).collect()
}

/// The end of the page, with what was counted on all pages.
#[must_use]
pub fn page_foot(summary: &Summary) -> String {
    let nothing = if summary.findings == 0 { "<p class=\"nothing\">Nothing was found.</p>\n" } else { "" };
    format!("</tbody>\n</table>\n{nothing}</main>\n{}</body>\n</html>\n", counted(summary, "Summary"))
}

/// The end of a page that is not whole, with how far it came and what was counted until then.
#[must_use]
pub fn page_stopped(error: &WalkError, summary: &Summary) -> String {
    format!(
        "</tbody>\n</table>\n</main>\n<p class=\"stopped\" role=\"alert\"><strong>This review is not whole.</strong> {}</p>\n{}</body>\n</html>\n",
        escaped(&error.to_string()),
        counted(summary, "Counted until then")
    )
}

fn counted(summary: &Summary, title: &str) -> String {
    let mut text = format!(
        "<section class=\"summary\" aria-labelledby=\"summary\">\n<h2 id=\"summary\">{title}</h2>\n<div class=\"groups\">\n"
    );
    let severities = summary.by_severity.iter().map(|(severity, number)| (severity.as_str(), *number, true));
    list(&mut text, "Findings by severity", severities);
    let lifecycles = summary.by_lifecycle.iter().map(|(lifecycle, number)| (lifecycle.as_str(), *number, false));
    list(&mut text, "Credentials by lifecycle class", lifecycles);
    let states = summary.by_state.iter().filter(|(_, number)| **number > 0);
    list(&mut text, "Credentials by state", states.map(|(state, number)| (state.as_str(), *number, false)));
    // Writing to a string does not fail.
    let _ = writeln!(
        text,
        "</div>\n<p class=\"soft\">{} keys were looked at, and {} of them have findings; {} clients with {} secrets, and {} of the clients have findings; {} findings in all.</p>\n</section>",
        summary.keys,
        summary.keys_with_findings,
        summary.clients,
        summary.client_secrets,
        summary.clients_with_findings,
        summary.findings
    );
    text
}

/// A list of numbers and what they count.
fn list(text: &mut String, label: &str, counts: impl Iterator<Item = (&'static str, u64, bool)>) {
    let _ = writeln!(text, "<div>\n<h3>{label}</h3>\n<ul class=\"counts\">");
    for (name, number, coloured) in counts {
        let class = match (coloured, number) {
            (false, _) => "plain",
            (true, 0) => "none",
            (true, _) => name,
        };
        let _ = writeln!(text, "<li class=\"{class}\"><b>{number}</b> {}</li>", name.replace('_', " "));
    }
    text.push_str("</ul>\n</div>\n");
}

fn row(finding: &Finding) -> String {
    let Finding { subject, evidence, ask, .. } = finding;
    let severity = Severity::as_str(finding.severity);
    let set_apart = |text: &str| format!("<bdi>{}</bdi>", escaped(text));
    let which = match (&subject.id, &subject.pointer) {
        (Some(id), _) => {
            let secret = subject.secret.as_deref().map(|id| format!("<p>Secret <code>{}</code></p>", escaped(id)));
            format!("<p><code>{}</code></p>{}", escaped(id), secret.unwrap_or_default())
        }
        (None, pointer) => {
            let pointer = pointer.as_deref().unwrap_or_default();
            format!("<p>The policy, <code>{}</code></p>", escaped(pointer))
        }
    };
    let whose = [&subject.name, &subject.organization]
        .into_iter()
        .flatten()
        .map(|text| format!("<p><small>{}</small></p>", set_apart(text)))
        .collect::<Vec<_>>()
        .concat();
    let who = ask.who.as_deref().map(|who| format!("<p>{}</p>", set_apart(who))).unwrap_or_default();
    let part = match (ask.part.as_str(), &ask.who) {
        (part, Some(_)) => format!("<p><small class=\"soft\">{part}</small></p>"),
        (part, None) => format!("<p>{part}</p>"),
    };
    let run = finding
        .command
        .as_deref()
        .map(|command| {
            // A line breaks between words and not at the dash of an option.
            let words = command.split(' ').map(|word| format!("<span>{}</span>", escaped(word)));
            format!("<p><code class=\"run\">{}</code></p>", words.collect::<Vec<_>>().join(" "))
        })
        .unwrap_or_default();
    format!(
        "<tr role=\"row\">\n\
         <td role=\"cell\"><p><span class=\"severity {severity}\">{severity}</span></p><p><small><code>{}</code></small></p></td>\n\
         <th scope=\"row\" role=\"rowheader\" data-label=\"Credential\">{which}{whose}</th>\n\
         <td role=\"cell\" data-label=\"What is wrong\"><p>{}</p><p>{}</p>\
         <p><small class=\"soft\">Not seen: {}</small></p>\
         <p><small class=\"soft\">{} {}; NIST CSF 2.0 {}; 1.1 {}</small></p></td>\n\
         <td role=\"cell\" data-label=\"Ask\">{who}{part}</td>\n\
         <td role=\"cell\" data-label=\"Mend\"><p>{}</p>{run}</td>\n</tr>\n",
        finding.rule.replace('_', "_<wbr>"),
        in_code(finding.title),
        set_apart(&evidence.words),
        in_code(finding.blind_spot),
        finding.nhi,
        escaped(finding.nhi_name),
        finding.csf20.join(", "),
        finding.csf11.join(", "),
        in_code(finding.advice),
    )
}

/// Words of a rule, with what stands between backticks as code.
fn in_code(words: &str) -> String {
    let parts = words.split('`').enumerate();
    parts
        .map(|(place, part)| if place % 2 == 1 { format!("<code>{}</code>", escaped(part)) } else { escaped(part) })
        .collect()
}

/// A text as it may stand between tags and in attributes. What would not show, or would move what stands around it, is
/// shown by its number.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            unseen if is_unseen(unseen) => safe.extend(unseen.escape_unicode()),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::governance::{
        InventoryLine, PageError, Progress, review_key,
        testing::{DIGEST, NOW, key},
    };
    use crate::host::HostError;

    fn page(change: &serde_json::Value) -> ReviewPage {
        let key = key(change);
        let findings = review_key(&key, &ReviewRules::default(), NOW);
        let mut summary = Summary::default();
        summary.count_key(&InventoryLine::of(&key, NOW), &findings);
        ReviewPage { findings, summary, cursor: None }
    }

    fn whole(change: &serde_json::Value) -> String {
        let page = page(change);
        let head = page_head(UnixMillis(NOW * 1000), &ReviewRules::default());
        format!("{head}{}{}", page_rows(&page), page_foot(&page.summary))
    }

    #[test]
    fn nothing_of_a_record_becomes_markup() {
        let plain = whole(&json!({ "scopes": ["*"] }));
        let tags = |html: &str| html.matches('<').count();
        for name in ["<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "'; rm -rf /", "</bdi></td><!--"] {
            let html = whole(&json!({
                "name": name, "owner": name, "revoker": name, "organization": name, "scopes": ["*"],
            }));
            let same = whole(&json!({
                "name": "a", "owner": "a", "revoker": "a", "organization": "a", "scopes": ["*"],
            }));
            assert_eq!(tags(&html), tags(&same), "{name}");
            assert!(!html.contains(name), "{name}");
        }
        let html = whole(&json!({ "scopes": ["<b>*</b>"] }));
        assert_eq!(tags(&html), tags(&plain));
        assert!(html.contains("granted: &lt;b&gt;*&lt;/b&gt;"));
    }

    #[test]
    fn what_moves_or_hides_text_is_shown_by_its_number() {
        let html = whole(&json!({ "name": "\u{202e}txt.\u{0}\n\u{200b}\u{5d0}" }));
        assert!(html.contains(r"<bdi>\u{202e}txt.\u{0}\u{a}\u{200b}א</bdi>"), "{html}");
    }

    #[test]
    fn the_page_needs_no_script_and_no_style_but_the_one_that_its_policy_names() {
        let html = whole(&json!({ "scopes": ["*"], "created": 0, "revoker": "ada" }));
        assert!(!html.contains("<script") && !html.contains(" style=") && !html.contains("javascript:"));
        assert!(!html.contains("src=") && !html.contains("href=") && !STYLE.contains("url(") && !STYLE.contains('<'));
        let style = html.split("<style>").nth(1).and_then(|rest| rest.split("</style>").next()).expect("a style");
        let hash = Base64::encode_string(&Sha256::digest(style));
        assert!(page_csp().contains(&format!("style-src 'sha256-{hash}'")) && html.contains(&csp_of_meta()));
        assert!(page_csp().starts_with("default-src 'none'; ") && page_csp().ends_with("frame-ancestors 'none'"));
        assert!(!html.contains(&DIGEST[8..]));
    }

    #[test]
    fn the_table_has_a_caption_and_scopes_and_the_page_its_summary() {
        let html = whole(&json!({ "scopes": ["*"] }));
        assert!(html.contains("<caption>") && html.contains("lang=\"en\"") && html.contains("color-scheme"));
        assert_eq!(html.matches("scope=\"col\"").count(), 5);
        assert_eq!(html.matches("scope=\"row\"").count(), page(&json!({ "scopes": ["*"] })).findings.len());
        assert!(html.contains("<li class=\"high\"><b>1</b> high</li>") && html.contains("<b>1</b> standing</li>"));
        assert!(html.contains("<time datetime=\"2026-05-28T20:26Z\">2026-05-28 20:26 UTC</time>"), "{html}");
        for element in ["table", "tbody", "thead", "main", "section", "body", "html", "ul", "tr", "td", "th", "p"] {
            let opened = html.matches(&format!("<{element}>")).count() + html.matches(&format!("<{element} ")).count();
            assert_eq!(opened, html.matches(&format!("</{element}>")).count(), "{element}");
        }
    }

    #[test]
    fn a_page_without_findings_says_so_and_one_that_is_not_whole_does_not() {
        let good = page(&json!({ "expires": NOW + 60 * 86_400 }));
        assert!(page_foot(&good.summary).contains("Nothing was found."));
        let error = PageError { cursor: None, read: 3, error: HostError("<dead>".to_owned()) };
        let stopped = page_stopped(&Progress::default().stopped(error), &good.summary);
        assert!(!stopped.contains("Nothing was found.") && stopped.contains("This review is not whole."));
        assert!(stopped.contains("&lt;dead&gt;") && stopped.ends_with("</html>\n"));
    }
}
