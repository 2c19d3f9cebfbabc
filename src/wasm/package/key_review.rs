//! The inventory and the review of standing credentials.

use std::{cell::RefCell, rc::Rc};

use serde::Serialize;
use wasm_bindgen::prelude::{JsError, JsValue, wasm_bindgen};

use super::{
    host::{JsHost, Lent},
    key_admin::outcome,
    refusal::{refused, refused_policy},
    task,
};
use crate::{
    api_key::{Environment, LifeError},
    governance::{
        Document, DocumentKind, MOST_PER_PAGE, PageError, ReviewPage, ReviewRules, Summary, inventory_page,
        review_page, review_policy,
    },
    host::HostError,
    policy::{read_policy, read_review},
};

/// Looks through the keys of a store.
#[wasm_bindgen(js_name = KeyReview)]
pub struct JsKeyReview {
    rules: Rc<ReviewRules>,
    host: JsHost,
}

/// A document that is being written.
#[wasm_bindgen(js_name = KeyDocument)]
pub struct JsKeyDocument {
    document: Rc<RefCell<Document>>,
    rules: Rc<ReviewRules>,
    policy: Rc<ReviewPage>,
    host: JsHost,
}

/// A part of a document, and how far it came with it.
#[derive(Serialize)]
struct Part<'p> {
    text: &'p str,
    keys: u64,
    cursor: Option<&'p str>,
    ended: bool,
    summary: &'p Summary,
    /// Why it is not whole and ends here.
    stopped: Option<String>,
}

#[wasm_bindgen(js_class = KeyReview)]
impl JsKeyReview {
    /// With the limits of a policy (JSON text of its member `review`), for keys of this environment.
    ///
    /// # Errors
    /// What is wrong with the limits.
    #[wasm_bindgen(constructor)]
    pub fn new(environment: &str, limits: &str, host: JsHost) -> Result<Self, JsValue> {
        let environment = [Environment::Live, Environment::Test].into_iter().find(|one| one.as_str() == environment);
        let limits = read_review(limits).map_err(|error| refused("the limits of the review are", &error))?;
        Ok(Self { rules: Rc::new(ReviewRules::new(&limits, environment)), host })
    }

    /// A page of the inventory: `{ done }` or `{ failed: { code, status, message } }` as JSON, or a task.
    pub fn inventory(&self, cursor: Option<String>, most: Option<f64>) -> JsValue {
        let host = Lent::new(self.host.clone(), None);
        let exchange = host.exchange();
        let work = async move {
            let most = match limit(most) {
                Ok(most) => most,
                Err(error) => return outcome(Err::<String, _>(error)),
            };
            outcome(written(inventory_page(&host, cursor.as_deref(), most).await))
        };
        task::start(work, exchange)
    }

    /// A page of the review, as of the inventory.
    pub fn review(&self, cursor: Option<String>, most: Option<f64>) -> JsValue {
        let host = Lent::new(self.host.clone(), None);
        let (rules, exchange) = (Rc::clone(&self.rules), host.exchange());
        let work = async move {
            let most = match limit(most) {
                Ok(most) => most,
                Err(error) => return outcome(Err::<String, _>(error)),
            };
            outcome(written(review_page(&host, &rules, cursor.as_deref(), most).await))
        };
        task::start(work, exchange)
    }

    /// A document of this kind (`inventory.csv`, `review.csv` or `review.html`), with what is to be said about a policy
    /// (JSON text) first.
    ///
    /// # Errors
    /// Where there is no such kind, and every fault of the policy.
    pub fn document(
        &self,
        kind: &str,
        cursor: Option<String>,
        policy: Option<String>,
    ) -> Result<JsKeyDocument, JsValue> {
        let kind = DocumentKind::named(kind).ok_or_else(|| JsError::new("there is no document of this kind"))?;
        let policy = match policy {
            Some(policy) => page_of_policy(&policy)?,
            None => ReviewPage::of_policy(Vec::new()),
        };
        Ok(JsKeyDocument {
            document: Rc::new(RefCell::new(Document::new(kind, cursor))),
            rules: Rc::clone(&self.rules),
            policy: Rc::new(policy),
            host: self.host.clone(),
        })
    }
}

#[wasm_bindgen(js_class = KeyDocument)]
impl JsKeyDocument {
    /// The next part, with at most so many keys, as JSON, or a task. One part is asked for at a time.
    pub fn next(&self, most: u32) -> JsValue {
        let host = Lent::new(self.host.clone(), None);
        let (kept, rules, policy) = (Rc::clone(&self.document), Rc::clone(&self.rules), Rc::clone(&self.policy));
        let exchange = host.exchange();
        let work = async move {
            // Nothing is borrowed while the host is waited for.
            let mut document = kept.borrow().clone();
            let part = document.next(&host, &rules, &policy, most).await;
            let progress = document.progress();
            let text = serde_json::to_string(&Part {
                text: &part.text,
                keys: progress.keys(),
                cursor: progress.cursor(),
                ended: progress.is_done() || part.stopped.is_some(),
                summary: document.summary(),
                stopped: part.stopped.map(|error| error.to_string()),
            });
            *kept.borrow_mut() = document;
            // Texts and numbers cannot fail to be written.
            text.unwrap_or_default()
        };
        task::start(work, exchange)
    }

    /// What ends it after a page that is not the last.
    #[must_use]
    pub fn foot(&self) -> String {
        self.document.borrow().foot()
    }
}

/// What a review has to say about a policy (JSON text): a page, as JSON.
///
/// # Errors
/// Every fault of the policy.
#[wasm_bindgen(js_name = reviewPolicy)]
pub fn policy_findings(policy: &str) -> Result<String, JsValue> {
    Ok(serde_json::to_string(&page_of_policy(policy)?).unwrap_or_default())
}

fn page_of_policy(policy: &str) -> Result<ReviewPage, JsValue> {
    let policy = read_policy(policy).map_err(|error| refused_policy(&error))?;
    Ok(ReviewPage::of_policy(review_policy(&policy)))
}

/// How many keys a page shall have.
fn limit(most: Option<f64>) -> Result<u32, LifeError> {
    let Some(most) = most else { return Ok(MOST_PER_PAGE) };
    (1..=MOST_PER_PAGE)
        .find(|number| f64::from(*number).total_cmp(&most).is_eq())
        .ok_or_else(|| LifeError::Request(format!("`limit` is from 1 to {MOST_PER_PAGE}")))
}

fn written(page: Result<impl Serialize, PageError>) -> Result<String, LifeError> {
    let page = page.map_err(|error| LifeError::Store(HostError(error.to_string())))?;
    serde_json::to_string(&page).map_err(|error| LifeError::Unreadable(error.to_string()))
}
