//! One page for a browser, with nothing outside it.
pub(super) fn write(_r: &crate::check::Report, _o: &mut dyn std::io::Write) -> std::io::Result<()> { Ok(()) }
