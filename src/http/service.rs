//! The service: begins a request's measurement and hands it to the future.

#[cfg(feature = "axum")]
use std::any::Any;
use std::mem::ManuallyDrop;
use std::task::{Context, Poll};

use http::{Request, Response, Version};
use http_body::Body;
use tower_service::Service;

use crate::error::Error;
use crate::http::body::ResponseBody;
use crate::http::future::ResponseFuture;
use crate::http::received;
use crate::http::templates::Templates;
use crate::observe::{self, Endpoint, Meter};

/// A service whose requests are measured; see the [module](crate::http).
///
/// Made by [`MonitorLayer`](crate::http::MonitorLayer), or by
/// [`Monitoring::around`](crate::Monitoring::around) a whole router.
#[derive(Clone)]
pub struct Monitor<S> {
    inner: S,
    meter: Option<&'static Meter>,
    /// Endpoints are named inside: the gauge waits for the name.
    around: bool,
    templates: Option<Templates>,
}

impl<S> Monitor<S> {
    pub(crate) fn on(meter: Option<&'static Meter>, inner: S) -> Self {
        Self {
            inner,
            meter,
            around: false,
            templates: None,
        }
    }

    /// Names endpoints by these templates.
    pub(crate) fn with_templates(self, templates: Option<Templates>) -> Self {
        Self { templates, ..self }
    }

    pub(crate) fn around(meter: Option<&'static Meter>, inner: S) -> Self
    where
        S: 'static,
    {
        Self {
            around: true,
            ..Self::on(meter, with_routes_made(inner))
        }
    }

    /// Names endpoints by the path: templates as axum writes them (`/products/{id}`).
    ///
    /// Called again, it adds to the templates. For services whose endpoints nothing inside names: no `#[monitor]` and no axum route.
    /// [`MonitorLayer::routes`](crate::http::MonitorLayer::routes) is the same for the layer. Costs a look-up of the path for each request.
    ///
    /// # Errors
    ///
    /// When a template is malformed or two of them overlap.
    ///
    /// ```
    /// # fn main() -> Result<(), ecolaura_monitoring::Error> {
    /// # let monitoring = ecolaura_monitoring::Monitoring::builder("docs").build()?;
    /// # let service = ();
    /// let app = monitoring.around(service).routes(["/products", "/products/{id}"])?;
    /// # Ok(()) }
    /// ```
    pub fn routes<T: AsRef<str>>(
        mut self,
        templates: impl IntoIterator<Item = T>,
    ) -> Result<Self, Error> {
        let Some(meter) = self.meter else {
            return Ok(self);
        };
        self.templates = Some(Templates::with(self.templates, meter, templates)?);
        Ok(self)
    }

    /// The endpoint, where it can be told before the service is called.
    #[inline]
    fn endpoint<B>(
        &self,
        meter: &'static Meter,
        request: &Request<B>,
    ) -> Option<&'static Endpoint> {
        #[cfg(feature = "axum")]
        if let Some(path) = request.extensions().get::<axum::extract::MatchedPath>() {
            let kept = || Box::new(path.clone()) as Box<_>;
            return Some(meter.endpoints.at(path.as_str(), kept));
        }
        let _ = meter;
        self.templates?.at(request.uri().path())
    }
}

impl<S, B, ResponseB> Service<Request<B>> for Monitor<S>
where
    S: Service<Request<B>, Response = Response<ResponseB>>,
    S::Error: 'static,
    B: Body + 'static,
    ResponseB: Body,
{
    type Response = Response<ResponseBody<ResponseB>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    #[inline]
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let Some(meter) = self.meter else {
            return ResponseFuture::unmeasured(self.inner.call(request));
        };
        let endpoint = self.endpoint(meter, &request);
        if observe::within(meter) {
            if let Some(endpoint) = endpoint {
                observe::name_endpoint(endpoint);
            }
            return ResponseFuture::unmeasured(self.inner.call(request));
        }
        let is_http1 = request.version() < Version::HTTP_2;
        let received = received::measure(request.body_mut());
        let mut measured = ManuallyDrop::new(observe::Request::start(
            meter,
            &request,
            received,
            endpoint,
            self.around,
        ));
        ResponseFuture {
            inner: call_within(&mut self.inner, request, &mut measured),
            request: Some(ManuallyDrop::into_inner(measured)),
            is_http1,
        }
    }
}

/// Calls the service.
///
/// On its own, and with a request that its caller does not drop, so that the caller has nothing to do when the service panics:
/// then the compiler makes the future in its place and does not move it there.
#[inline(never)]
fn call_within<S: Service<R>, R>(
    service: &mut S,
    request: R,
    measured: &mut observe::Request,
) -> S::Future {
    let working = measured.enter();
    let future = service.call(request);
    working.leave(None);
    future
}

/// An axum router with the routes of its handlers made, which axum else does for each request; any other service as it is.
pub(crate) fn with_routes_made<S: 'static>(service: S) -> S {
    #[cfg(feature = "axum")]
    let service = {
        let mut service = service;
        if let Some(router) = (&mut service as &mut dyn Any).downcast_mut::<axum::Router>() {
            *router = std::mem::take(router).with_state(());
        }
        service
    };
    service
}

impl<S> std::fmt::Debug for Monitor<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Monitor")
            .field("enabled", &self.meter.is_some())
            .field("around", &self.around)
            .finish_non_exhaustive()
    }
}
