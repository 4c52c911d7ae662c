package dev.gatun.op;

/// What the gradient of an op reads again.
///
/// @param inputs bit `i` set: input `i`
/// @param outputs bit `i` set: output `i`
/// @param extras the last so many inferred outputs are kept for the gradient only and not returned
public record Keep(long inputs, long outputs, int extras) {
  /// Keeps nothing: the gradient needs shapes only.
  public static final Keep NOTHING = new Keep(0, 0, 0);

  /// Keeps the inputs with these numbers.
  public static Keep inputs(int... numbers) {
    return new Keep(mask(numbers), 0, 0);
  }

  /// Keeps the outputs with these numbers.
  public static Keep outputs(int... numbers) {
    return new Keep(0, mask(numbers), 0);
  }

  /// Also keeps the outputs with these numbers.
  public Keep andOutputs(int... numbers) {
    return new Keep(inputs, outputs | mask(numbers), extras);
  }

  /// Also keeps the last `count` inferred outputs, which the caller does not see.
  public Keep andExtras(int count) {
    return new Keep(inputs, outputs, count);
  }

  private static long mask(int[] numbers) {
    long m = 0;
    for (int n : numbers) {
      m |= 1L << n;
    }
    return m;
  }
}
