package dev.gatun.decode.cache;

import dev.gatun.op.sequence.attention.Attention;
import dev.gatun.op.sequence.attention.AttentionOptions;
import dev.gatun.op.sequence.attention.Mask;
import dev.gatun.tensor.Tensor;

/// Keys and values of the tokens so far, for attention of the tokens that follow.
///
/// ```java
/// KeyValueCache cache = ContiguousCache.of(model, CacheSpec.of(DType.F32, 1, 8, 64), 4096);
/// try (Scope step = cpu.scope()) {            // for every token, or for a chunk of them
///   cache.append(k, v);                       // first what they bring,
///   Tensor o = cache.attend(q).o();           // then what they see
/// }
/// ```
///
/// All memory is taken when the cache is made, in a long scope whose tensors it consists of; an
/// append writes in place, and results live in the scope of the queries. Nothing lasting is
/// allocated by a step. There is no gradient to what a cache holds. Once its scope is closed, every
/// call throws [IllegalStateException]. One thread at a time.
public sealed interface KeyValueCache
    permits BlockMemoryCache,
        ContiguousCache,
        LambdaCache,
        PagedCache.Batch,
        RingCache,
        StaircaseCache {
  /// Adds tokens: `k [B, Hk, n, D]`, `v [B, Hk, n, Dv]`.
  ///
  /// @throws IllegalArgumentException if shape or type do not fit
  /// @throws IllegalStateException if there is no room for them
  void append(Tensor k, Tensor v);

  /// Attention of the last `n` tokens, `q [B, H, n, D]`, over what is held, themselves included: `o
  /// [B, H, n, Dv]` and `lse [B, H, n]`.
  ///
  /// @throws IllegalArgumentException if shapes, types or options do not fit
  Attention.Result attend(Tensor q, AttentionOptions options);

  /// Causal attention without further options.
  default Attention.Result attend(Tensor q) {
    return attend(q, AttentionOptions.of(Mask.causal()));
  }

  /// Tokens appended so far; of the longest sequence where they differ.
  long length();

  /// Bytes that one token of one sequence takes where it is stored.
  long bytesPerToken();

  /// Bytes of all buffers.
  long bytes();
}
