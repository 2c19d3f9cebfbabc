//! Pages of other origins (the Fetch standard's CORS protocol): what a browser may let them do. It protects people's
//! browsers; who has a credential is judged as always.

use std::sync::atomic::{AtomicU64, Ordering};

use super::{Answer, GateRequest};
use crate::policy::{CorsOrigins, CorsPolicy};

const ALLOW_ORIGIN: &str = "access-control-allow-origin";
const ALLOW_CREDENTIALS: &str = "access-control-allow-credentials";
const EXPOSE_HEADERS: &str = "access-control-expose-headers";

/// What an origin may say in these is the gate's to say.
pub(super) const OF_ANSWERS: [&str; 6] = [
    ALLOW_ORIGIN,
    ALLOW_CREDENTIALS,
    EXPOSE_HEADERS,
    "access-control-allow-methods",
    "access-control-allow-headers",
    "access-control-max-age",
];

/// How long a browser may keep what a preflight was answered, in seconds.
const MAX_AGE: u32 = 600;

/// Which pages may call the API.
#[derive(Debug)]
pub(crate) struct Cors {
    /// None for every origin.
    origins: Option<Vec<String>>,
    methods: String,
    headers: String,
    exposed: String,
    max_age: String,
    credentials: bool,
    /// No decision is made of a preflight: it is counted.
    preflights: AtomicU64,
}

impl Cors {
    /// Of a policy that was judged.
    pub(super) fn new(policy: CorsPolicy) -> Self {
        let joined =
            |names: Option<Vec<String>>, usual: &str| names.map_or_else(|| usual.to_owned(), |names| names.join(", "));
        Self {
            origins: match policy.origins {
                CorsOrigins::Any(_) => None,
                CorsOrigins::These(origins) => Some(origins),
            },
            methods: joined(policy.methods, "GET, HEAD, POST, PUT, PATCH, DELETE"),
            headers: joined(policy.headers, "authorization, content-type"),
            exposed: joined(policy.expose_headers, "edgeward-request-id, www-authenticate"),
            max_age: policy.max_age.unwrap_or(MAX_AGE).to_string(),
            credentials: policy.credentials,
            preflights: AtomicU64::new(0),
        }
    }

    /// How many preflights were answered.
    pub(super) fn preflights(&self) -> u64 {
        self.preflights.load(Ordering::Relaxed)
    }

    /// The answer to a preflight, where the request is one. It needs no credential, which browsers never send with it, and
    /// depends on nothing but the page: not on the path, the method or the headers that are asked for.
    pub(super) fn preflight(&self, request: &GateRequest) -> Option<Answer> {
        let asks = request.method == "OPTIONS"
            && request.values("origin").next().is_some()
            && request.values("access-control-request-method").next().is_some();
        if !asks {
            return None;
        }
        self.preflights.fetch_add(1, Ordering::Relaxed);
        let answer = Answer::empty(204);
        let answer = match self.allowed(request) {
            None => answer,
            Some(_) => answer
                .with("access-control-allow-methods", self.methods.as_str())
                .with("access-control-allow-headers", self.headers.as_str())
                .with("access-control-max-age", self.max_age.as_str()),
        };
        Some(self.finish(answer, request))
    }

    /// The answer, for the page that asked.
    pub(super) fn finish(&self, mut answer: Answer, request: &GateRequest) -> Answer {
        answer.headers.extend(self.of_answer(request));
        match self.vary() {
            Some(vary) => answer.with("vary", vary),
            None => answer,
        }
    }

    /// What is set on an answer to this request.
    pub(super) fn of_answer(&self, request: &GateRequest) -> Vec<(String, String)> {
        let Some(origin) = self.allowed(request) else { return Vec::new() };
        let mut headers = vec![(ALLOW_ORIGIN, origin)];
        if self.credentials {
            headers.push((ALLOW_CREDENTIALS, "true"));
        }
        if !self.exposed.is_empty() && request.method != "OPTIONS" {
            headers.push((EXPOSE_HEADERS, &self.exposed));
        }
        headers.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// What caches must tell apart: where every page gets the same answer, nothing.
    pub(super) fn vary(&self) -> Option<&'static str> {
        self.origins.is_some().then_some("origin")
    }

    /// What the page's browser is told, where the page may call. More than one origin is nobody's.
    fn allowed<'a>(&'a self, request: &'a GateRequest) -> Option<&'a str> {
        let mut sent = request.values("origin");
        let (origin, None) = (sent.next()?, sent.next()) else { return None };
        match &self.origins {
            None => Some("*"),
            Some(origins) => origins.iter().find(|allowed| *allowed == origin).map(String::as_str),
        }
    }
}
