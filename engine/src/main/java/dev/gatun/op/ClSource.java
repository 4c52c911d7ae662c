package dev.gatun.op;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/// The text of an OpenCL C program as it lies beside its op, after the prelude that all share: held
/// in a `static final` field of a class that only the OpenCL path touches.
///
/// @param name for messages, `softmax.cl`
/// @param text OpenCL C 1.2
public record ClSource(String name, String text) {
  /// The resources `names` of `owner`'s package, one after the other behind the prelude.
  ///
  /// @throws IllegalStateException if one is missing
  public static ClSource of(Class<?> owner, String... names) {
    StringBuilder text = new StringBuilder(read(ClSource.class, "prelude.cl"));
    for (String name : names) {
      text.append(read(owner, name));
    }
    return new ClSource(names[names.length - 1], text.toString());
  }

  private static String read(Class<?> owner, String name) {
    try (InputStream in = owner.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException(
            "%s: the OpenCL source must lie beside the class; %s is missing"
                .formatted(owner.getName(), name));
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
