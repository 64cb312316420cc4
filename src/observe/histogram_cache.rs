//! The histograms of a route, function, service or database, each resolved once.

use crate::metrics::{AppendList, Histogram};

/// Histograms by the labels that vary, of which there are few. A lookup takes no lock.
pub(super) struct HistogramCache<K: 'static>(AppendList<(K, Histogram)>);

impl<K: Copy + PartialEq> HistogramCache<K> {
    pub(super) fn new() -> Self {
        Self(AppendList::new())
    }

    /// The histogram of these labels. `resolve` finds it for the first time, at most once for each thread that asks at that moment.
    #[inline]
    pub(super) fn get(
        &'static self,
        labels: K,
        resolve: impl FnOnce() -> Histogram,
    ) -> &'static Histogram {
        for (known, histogram) in self.0.iter() {
            if *known == labels {
                return histogram;
            }
        }
        self.add(labels, resolve)
    }

    #[cold]
    #[inline(never)]
    fn add(&'static self, labels: K, resolve: impl FnOnce() -> Histogram) -> &'static Histogram {
        let (_, histogram) = self.0.push((labels, resolve()));
        histogram
    }
}
