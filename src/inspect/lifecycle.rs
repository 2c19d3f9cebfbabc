//! The two classes of credential side by side: what governs one that stands until somebody ends it, and what governs one
//! that ends by itself.

use serde::Serialize;

/// One question, answered for both classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct LifecycleLine {
    /// What is asked.
    pub question: &'static str,
    /// Of a standing credential: an API key.
    pub standing: &'static str,
    /// Of an expiring one: an M2M token.
    pub expiring: &'static str,
    /// Where that is said.
    pub section: &'static str,
}

/// The questions, in the order in which they are asked of a credential.
pub const LIFECYCLE: &[LifecycleLine] = &[
    LifecycleLine {
        question: "What kind of privilege is it?",
        standing: "Standing: it is good, used or not, until somebody ends it.",
        expiring: "Passing: it is good for minutes, and a client that may still have one fetches the next by itself.",
        section: "OWASP NHI7:2025",
    },
    LifecycleLine {
        question: "Who answers for it?",
        standing: "The `owner` of its record. A key without one is refused.",
        expiring: "The owner of the client that fetched it, in the record of the client. The token names the client and no person.",
        section: "NIST CSF 2.0 PR.AA-01",
    },
    LifecycleLine {
        question: "Who can end it?",
        standing: "The owner; where the owner cannot, the `revoker` of its record; and whoever holds the key, by giving it up.",
        expiring: "The issuer, who gives the client no further one. Before its end, whoever may write the deny list.",
        section: "OWASP NHI1:2025",
    },
    LifecycleLine {
        question: "How does it end by itself?",
        standing: "By `expires` of its record, which may be left out. Nothing in the key says so: ask for its record.",
        expiring: "By `exp`, which stands in it and is asked for, an hour ahead or less.",
        section: "OWASP NHI7:2025",
    },
    LifecycleLine {
        question: "How is it replaced?",
        standing: "By a rotation that somebody starts: the new key and the old one are both good until the overlap is over.",
        expiring: "By itself, with each fetch. What is rotated is the secret of the client, and the key of the issuer.",
        section: "NIST SP 800-57 Part 1 §5.3.4",
    },
    LifecycleLine {
        question: "How long is it good after it was revoked?",
        standing: "Until every cache has let its record go: the seconds that `/health` of the gate states.",
        expiring: "Until `exp`, unless a deny list names it: then until that list has arrived, and in strict mode at most its `maxAge`.",
        section: "contract §6.2",
    },
    LifecycleLine {
        question: "What does it mean that it leaks?",
        standing: "Whoever finds it may do all that it may, for as long as nobody notices. Revoke it, with `key_compromise` as the reason.",
        expiring: "Whoever finds it may do all that it may, until it ends; and nothing, where it is bound to its sender (`cnf`).",
        section: "OWASP NHI2:2025",
    },
    LifecycleLine {
        question: "What does the store hold of it?",
        standing: "The digest of its secret, who answers for it, what it may do and since when. Never the secret.",
        expiring: "Nothing: the signature and the claims say it all. An entry of a deny list, where there is one.",
        section: "contract §5.2",
    },
    LifecycleLine {
        question: "Which secret lives long?",
        standing: "The key itself, and it travels with each request.",
        expiring: "The secret of the client, which goes to the issuer alone and is tracked apart from any token.",
        section: "OWASP NHI4:2025",
    },
    LifecycleLine {
        question: "Where is it listed?",
        standing: "In the inventory, with its last use. The review finds keys without an end, without use, or whose owner has left.",
        expiring: "Not one by one: the inventory lists the client and its secrets.",
        section: "NIST CSF 2.0 PR.AA-01",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_question_is_asked_once_and_answered_for_both() {
        for line in LIFECYCLE {
            assert!(line.question.ends_with('?') && !line.section.is_empty());
            assert!(line.standing.ends_with('.') && line.expiring.ends_with('.'), "{}", line.question);
            assert_ne!(line.standing, line.expiring);
            assert_eq!(LIFECYCLE.iter().filter(|other| other.question == line.question).count(), 1);
        }
    }
}
