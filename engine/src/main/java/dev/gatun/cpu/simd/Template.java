package dev.gatun.cpu.simd;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodHandles.Lookup;

/// Classes defined anew as hidden classes, each with constants of its own, for the reason that
/// [Loop] gives.
final class Template {
  private Template() {}

  /// An instance of a copy of `template`, whose static initialiser finds `body` by [#body].
  static Object copy(Class<?> template, Object body) {
    Lookup here = MethodHandles.lookup();
    try (InputStream in = template.getResourceAsStream(template.getSimpleName() + ".class")) {
      if (in == null) {
        throw new IllegalStateException(template + ": its class file must be readable");
      }
      Lookup copy = here.defineHiddenClassWithClassData(in.readAllBytes(), body, true);
      return copy.lookupClass().getDeclaredConstructor().newInstance();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  /// The body of the copy that `copy` looks from.
  static <B> B body(Lookup copy, Class<B> type) {
    try {
      return MethodHandles.classData(copy, "_", type);
    } catch (IllegalAccessException e) {
      throw new IllegalStateException(e);
    }
  }
}
