package dev.gatun.op.sequence.rnn;

import dev.gatun.op.linear.Activation;

/// The activations of cells: functions whose slope follows from their value, with the argument
/// clipped first. A clipped argument has no gradient.
final class Squash {
  private Squash() {}

  /// Checks what a cell is made of.
  ///
  /// @throws IllegalArgumentException if a slope does not follow from the value, or `clip` is not
  ///   positive
  static void require(String cell, double clip, Activation... activations) {
    for (Activation a : activations) {
      if (a == Activation.GELU || a == Activation.SILU) {
        throw new IllegalArgumentException(
            cell + ": activations must be NONE, RELU, SIGMOID or TANH; got " + a);
      }
    }
    if (!(clip > 0)) {
      throw new IllegalArgumentException(
          cell + ": clip must be positive, infinite for none; got " + clip);
    }
  }

  /// `activation(min(max(a, -clip), clip))`
  static double f(Activation activation, double clip, double a) {
    return activation.f(Math.max(-clip, Math.min(clip, a)));
  }

  /// The number by which OpenCL kernels of cells know it.
  static int number(Activation activation) {
    return switch (activation) {
      case RELU -> 1;
      case SIGMOID -> 4;
      case TANH -> 5;
      default -> 0;
    };
  }

  /// The derivative of [#f] at `a`, where `y` is its value.
  static double slope(Activation activation, double clip, double a, double y) {
    if (!(Math.abs(a) <= clip)) {
      return 0;
    }
    return switch (activation) {
      case RELU -> y > 0 ? 1 : 0;
      case SIGMOID -> y * (1 - y);
      case TANH -> (1 - y) * (1 + y);
      default -> 1;
    };
  }
}
