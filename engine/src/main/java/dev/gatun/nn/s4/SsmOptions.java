package dev.gatun.nn.s4;

import dev.gatun.tensor.DType;

/// What [S4] and [S4d] have in common.
///
/// @param features `H`, one model each
/// @param modes `N`, stored complex modes: half of the state's size
/// @param channels `K`, results of a feature
/// @param copies `S`, sets of eigenvalues and inputs that features share; divides `H`
/// @param shortest least first step, of a sample
/// @param longest largest first step
/// @param bidirectional whether results also see what is to come; such a layer has no steps
/// @param gelu whether the exact GELU is applied last
/// @param dtype type of the parameters, F32 or F64
public record SsmOptions(
    int features,
    int modes,
    int channels,
    int copies,
    double shortest,
    double longest,
    boolean bidirectional,
    boolean gelu,
    DType dtype) {
  /// Options that are consistent.
  ///
  /// @throws IllegalArgumentException if a number is not positive, copies do not divide features,
  ///   or the shortest step is above the longest
  public SsmOptions {
    if (features < 1
        || modes < 1
        || channels < 1
        || copies < 1
        || features % copies != 0
        || !(shortest > 0)
        || shortest > longest
        || !dtype.computes()) {
      throw new IllegalArgumentException(
          "SsmOptions: sizes must be positive, copies divide features, 0 < shortest <= longest, and"
              + " the dtype compute; got features %d, modes %d, channels %d, copies %d, steps %s to"
                  .formatted(features, modes, channels, copies, shortest)
              + " %s, %s".formatted(longest, dtype));
    }
  }

  /// The published ones: 32 modes, one channel, one set of eigenvalues for all features, steps from
  /// 0.001 to 0.1, one way, with GELU, in F32.
  public static SsmOptions of(int features) {
    return new SsmOptions(features, 32, 1, 1, 1e-3, 0.1, false, true, DType.F32);
  }

  /// With this many modes.
  public SsmOptions withModes(int n) {
    return new SsmOptions(
        features, n, channels, copies, shortest, longest, bidirectional, gelu, dtype);
  }

  /// With this many channels.
  public SsmOptions withChannels(int k) {
    return new SsmOptions(
        features, modes, k, copies, shortest, longest, bidirectional, gelu, dtype);
  }

  /// With this many sets of eigenvalues.
  public SsmOptions withCopies(int s) {
    return new SsmOptions(
        features, modes, channels, s, shortest, longest, bidirectional, gelu, dtype);
  }

  /// With first steps between these.
  public SsmOptions withSteps(double least, double most) {
    return new SsmOptions(
        features, modes, channels, copies, least, most, bidirectional, gelu, dtype);
  }

  /// With results that see both ways.
  public SsmOptions bothWays() {
    return new SsmOptions(features, modes, channels, copies, shortest, longest, true, gelu, dtype);
  }

  /// Without the activation.
  public SsmOptions linear() {
    return new SsmOptions(
        features, modes, channels, copies, shortest, longest, bidirectional, false, dtype);
  }

  /// With parameters of this type.
  public SsmOptions withType(DType type) {
    return new SsmOptions(
        features, modes, channels, copies, shortest, longest, bidirectional, gelu, type);
  }

  /// Kernels of a feature.
  int kernels() {
    return bidirectional ? 2 * channels : channels;
  }
}
