//! Names that a service gives to what it has several of: values of labels, checked when they are announced.

use crate::error::Error;
use crate::label::OVERFLOW;

/// The most names of one kind, and the longest.
const MOST: usize = 1000;
const LONGEST: usize = 100;

/// That these can be names of something: `what`, in the plural, says of what.
pub(crate) fn check_names(what: &str, names: &[String]) -> Result<(), Error> {
    let refuse = |why: String| Err(Error::configuration(format!("{what}: {why}")));
    if names.len() > MOST {
        return refuse(format!(
            "there are {}, and each is a series: announce {MOST} at most",
            names.len()
        ));
    }
    for (place, name) in names.iter().enumerate() {
        if name.trim().is_empty() {
            return refuse("a name is empty: leave it out, or give it a text".to_owned());
        }
        if name.len() > LONGEST {
            return refuse(format!(
                "a name has {} bytes: it is a label's value, give it {LONGEST} at most",
                name.len()
            ));
        }
        if name == OVERFLOW {
            return refuse(format!(
                "`{OVERFLOW}` is what label sets without room are called: choose another name"
            ));
        }
        if names[..place].contains(name) {
            return refuse(format!("`{name}` is announced twice: once is enough"));
        }
    }
    Ok(())
}
