package dev.gatun.nn.scan;

import dev.gatun.tensor.DType;

/// What the blocks of this package have in common; a block reads those that its documentation
/// names.
///
/// @param features `D`, of the input and the result
/// @param expand inner features for each of them
/// @param modes `N`, of each channel's state
/// @param headSize `P`, channels of a head
/// @param groups `G`, heads of one share what goes into and out of states
/// @param filter length of the short filter
/// @param type of the parameters, F32 or F64
public record ScanOptions(
    int features, int expand, int modes, int headSize, int groups, int filter, DType type) {
  /// Options that are consistent.
  ///
  /// @throws IllegalArgumentException if a size is not positive, heads do not fill the inner
  ///   features, groups the heads, or the type does not compute
  public ScanOptions {
    boolean fits =
        features > 0 && expand > 0 && modes > 0 && headSize > 0 && groups > 0 && filter > 0;
    if (!fits
        || features * expand % headSize != 0
        || features * expand / headSize % groups != 0
        || !type.computes()) {
      throw new IllegalArgumentException(
          "ScanOptions: sizes must be positive, heads fill features times expand, groups divide"
              + " heads, and the type compute; got features %d, expand %d, modes %d, head size %d,"
                  .formatted(features, expand, modes, headSize)
              + " groups %d, filter %d, %s".formatted(groups, filter, type));
    }
  }

  /// Twice the features inside, 16 modes, heads of 64 channels or all of fewer, one group, filters
  /// of 4, F32.
  public static ScanOptions of(int features) {
    return new ScanOptions(features, 2, 16, Math.min(64, features), 1, 4, DType.F32);
  }

  /// With so many inner features for each.
  public ScanOptions withExpand(int n) {
    return new ScanOptions(features, n, modes, headSize, groups, filter, type);
  }

  /// With so many modes.
  public ScanOptions withModes(int n) {
    return new ScanOptions(features, expand, n, headSize, groups, filter, type);
  }

  /// With heads of so many channels, in so many groups.
  public ScanOptions withHeads(int size, int of) {
    return new ScanOptions(features, expand, modes, size, of, filter, type);
  }

  /// With filters of this length.
  public ScanOptions withFilter(int length) {
    return new ScanOptions(features, expand, modes, headSize, groups, length, type);
  }

  /// With parameters of this type.
  public ScanOptions withType(DType t) {
    return new ScanOptions(features, expand, modes, headSize, groups, filter, t);
  }

  int inner() {
    return features * expand;
  }

  int heads() {
    return inner() / headSize;
  }
}
