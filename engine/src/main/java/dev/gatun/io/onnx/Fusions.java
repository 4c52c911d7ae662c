package dev.gatun.io.onnx;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// Replaces patterns of nodes by the engine's own ops.
final class Fusions {
  private Fusions() {}

  /// The steps of `program` with patterns replaced.
  ///
  /// @param known values by slot that do not depend on inputs
  static List<Program.Step> apply(Program program, @Nullable Value[] known) {
    return program.steps();
  }
}
