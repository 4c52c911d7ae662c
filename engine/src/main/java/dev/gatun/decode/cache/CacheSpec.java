package dev.gatun.decode.cache;

import dev.gatun.tensor.DType;

/// What the tokens of a cache look like.
///
/// @param dtype F32 or F64
/// @param batch sequences
/// @param heads of keys and values
/// @param keyDim length of a key
/// @param valueDim length of a value
public record CacheSpec(DType dtype, long batch, long heads, long keyDim, long valueDim) {
  /// @throws IllegalArgumentException unless the type computes and all sizes are positive
  public CacheSpec {
    if (!dtype.computes() || batch < 1 || heads < 1 || keyDim < 1 || valueDim < 1) {
      throw new IllegalArgumentException(
          "CacheSpec: dtype must be F32 or F64 and sizes positive; got %s, batch %d, heads %d, dims %d and %d"
              .formatted(dtype, batch, heads, keyDim, valueDim));
    }
  }

  /// Values as long as keys.
  public static CacheSpec of(DType dtype, long batch, long heads, long dim) {
    return new CacheSpec(dtype, batch, heads, dim, dim);
  }

  /// The same for another number of sequences.
  public CacheSpec withBatch(long sequences) {
    return new CacheSpec(dtype, sequences, heads, keyDim, valueDim);
  }

  /// Numbers of a token.
  long numbers() {
    return heads * (keyDim + valueDim);
  }

  /// `Hk (D + Dv)` numbers: bytes of a token as it comes.
  public long tokenBytes() {
    return numbers() * dtype.bytes();
  }
}
