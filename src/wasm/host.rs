//! The host, in JavaScript.

use std::rc::Rc;

use js_sys::{Array, Promise, Reflect, Uint8Array};
use wasm_bindgen::{
    JsCast,
    prelude::{JsValue, wasm_bindgen},
};

use super::task::Exchange;
use crate::{
    host::{Host, HostError, InboundAnswer, NativeCheck, OutboundRequest, UnixMillis},
    jose::Algorithm,
};

#[wasm_bindgen]
extern "C" {
    /// What the shell lends. Each function that may take time returns its value or a promise of it.
    #[derive(Clone)]
    pub type JsHost;

    #[wasm_bindgen(method, catch)]
    fn now(this: &JsHost) -> Result<f64, JsValue>;

    /// A string, a `Uint8Array`, or null where the store has nothing.
    #[wasm_bindgen(method, catch)]
    fn read(this: &JsHost, key: &str) -> Result<JsValue, JsValue>;

    /// `{ status, body }`, the body a `Uint8Array`; `headers` is an array of pairs.
    #[wasm_bindgen(method, catch)]
    fn send(
        this: &JsHost,
        method: &str,
        url: &str,
        headers: Array,
        body: &str,
        longest: u32,
        timeout: u32,
    ) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch, js_name = hasNative)]
    fn has_native(this: &JsHost, algorithm: &str, synchronously: bool) -> Result<bool, JsValue>;

    /// Undefined where the key was not imported yet.
    #[wasm_bindgen(method, catch)]
    fn verify(this: &JsHost, key: u32, algorithm: &str, message: &[u8], signature: &[u8]) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch, js_name = importKey)]
    fn import_key(this: &JsHost, key: u32, algorithm: &str, jwk: &str) -> Result<JsValue, JsValue>;
}

/// One check's view of the host.
pub(super) struct Lent {
    js: JsHost,
    exchange: Rc<Exchange>,
    now: Option<f64>,
    synchronous: bool,
}

impl Lent {
    /// The host for one check. `now` stands in for the host's clock, in milliseconds.
    pub(super) fn new(js: JsHost, now: Option<f64>) -> Self {
        Self { js, exchange: Rc::default(), now, synchronous: false }
    }

    /// The same host, asked for nothing that could take time.
    pub(super) fn synchronously(mut self) -> Self {
        self.synchronous = true;
        self
    }

    pub(super) fn exchange(&self) -> Rc<Exchange> {
        Rc::clone(&self.exchange)
    }

    /// The value itself, or what its promise is settled with.
    async fn settle(&self, returned: Result<JsValue, JsValue>) -> Result<JsValue, HostError> {
        let value = returned.map_err(|error| failure(&error))?;
        if value.is_instance_of::<Promise>() {
            self.exchange.settle(value).await.map_err(|error| failure(&error))
        } else {
            Ok(value)
        }
    }
}

/// What a thrown value says of itself; an operator reads it, a client never does.
fn failure(error: &JsValue) -> HostError {
    let words = match error.dyn_ref::<js_sys::Error>() {
        Some(error) => String::from(error.message()),
        None => error.as_string().unwrap_or_else(|| "the host threw a value that is no error".to_owned()),
    };
    HostError(words)
}

impl Host for Lent {
    fn now(&self) -> UnixMillis {
        // A clock that fails stands at the end of time, where every credential with an end has ended.
        let now = self.now.unwrap_or_else(|| self.js.now().unwrap_or(f64::NAN));
        #[expect(clippy::cast_possible_truncation, reason = "a clock within 2^53 milliseconds, by the test before it")]
        if now.abs() <= 9_007_199_254_740_991.0 { UnixMillis(now.floor() as i64) } else { UnixMillis(i64::MAX) }
    }

    fn fill_random(&self, buffer: &mut [u8]) -> Result<(), HostError> {
        getrandom::fill(buffer).map_err(|error| HostError(error.to_string()))
    }

    async fn read(&self, key: &str) -> Result<Option<Vec<u8>>, HostError> {
        let value = self.settle(self.js.read(key)).await?;
        if value.is_null() || value.is_undefined() {
            return Ok(None);
        }
        if let Some(text) = value.as_string() {
            return Ok(Some(text.into_bytes()));
        }
        match value.dyn_into::<Uint8Array>() {
            Ok(bytes) => Ok(Some(bytes.to_vec())),
            Err(_) => Err(HostError("the store answered with neither text nor bytes".to_owned())),
        }
    }

    async fn fetch(&self, request: OutboundRequest) -> Result<InboundAnswer, HostError> {
        if self.synchronous {
            return Err(HostError("a server would have to be asked, and the check waits for nothing".to_owned()));
        }
        let headers = request.headers.iter().map(|(name, value)| Array::of2(&(*name).into(), &value.as_str().into()));
        let longest = u32::try_from(request.longest_answer).unwrap_or(u32::MAX);
        let sent =
            self.js.send(request.method, &request.url, headers.collect(), &request.body, longest, request.timeout);
        let answer = self.settle(sent).await?;
        let member = |name: &str| Reflect::get(&answer, &name.into()).unwrap_or_default();
        let body = member("body").dyn_into::<Uint8Array>();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a status, by the test before it")]
        match (member("status").as_f64(), body) {
            (Some(status), Ok(body)) if (0.0..=999.0).contains(&status) => {
                Ok(InboundAnswer { status: status as u16, body: body.to_vec() })
            }
            _ => Err(HostError("the host handed back no answer".to_owned())),
        }
    }

    fn has_native(&self, algorithm: Algorithm) -> bool {
        self.js.has_native(algorithm.name(), self.synchronous).unwrap_or(false)
    }

    async fn verify_signature(&self, check: NativeCheck<'_>) -> Result<bool, HostError> {
        let (key, algorithm) = (check.key.id(), check.algorithm.name());
        let verify = || self.js.verify(key, algorithm, check.message, check.signature);
        let mut answer = self.settle(verify()).await?;
        if answer.is_undefined() {
            self.settle(self.js.import_key(key, algorithm, check.key.jwk())).await?;
            answer = self.settle(verify()).await?;
        }
        answer.as_bool().ok_or_else(|| HostError("the native check answered with neither true nor false".to_owned()))
    }
}
