package dev.gatun.samples.conform;

import java.io.Serial;

/// A golden case asks for an operator, flag, input or result that the engine does not have: it is
/// listed with this reason and fails.
final class UncoveredCase extends RuntimeException {
  @Serial private static final long serialVersionUID = 1;

  UncoveredCase(String reason) {
    super(reason);
  }
}
