//! What the standard library would bring: an allocator, and what a panic does.

use core::panic::PanicInfo;

use rlsf::SmallGlobalTlsf;

#[global_allocator]
static ALLOCATOR: SmallGlobalTlsf = SmallGlobalTlsf::new();

/// A trap, without a message: nothing of the text that would tell of it is in the module. JavaScript's side sees the trap
/// and ends every watch.
#[panic_handler]
fn trap(_: &PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}
