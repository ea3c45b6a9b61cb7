/* Options of the sanitizers, linked into every executable of a sanitized build.
   ASAN_OPTIONS in the environment overrides them. */

const char *__asan_default_options(void);

const char *__asan_default_options(void) {
  /* LLVM's allocators poison what they hold back, but libMLIR is not
     instrumented and would not unpoison what it hands out. An allocation that
     is too large gives a null pointer, as it does without the sanitizer. */
  return "allow_user_poisoning=0:allocator_may_return_null=1";
}
