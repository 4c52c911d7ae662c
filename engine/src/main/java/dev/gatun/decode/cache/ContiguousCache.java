package dev.gatun.decode.cache;

import dev.gatun.op.sequence.attention.Attention;
import dev.gatun.op.sequence.attention.AttentionOptions;
import dev.gatun.op.sequence.attention.Operand;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.Arrays;

/// Every token in one buffer a sequence. Attention reads what is filled where it lies, through
/// [Operand#KEY_LENGTHS], so that any cutting of a prompt into chunks, each appended and then
/// attended to, gives what one call gives.
///
/// Sequences may differ in length. Memory: `capacity` tokens of `Hk (D + Dv)` numbers a sequence.
/// Cost of a step: its rows written, and one read of what is held.
public final class ContiguousCache implements KeyValueCache {
  private static final String NAME = "ContiguousCache";

  private final CacheSpec spec;
  private final long capacity;
  private final Rows keys;
  private final Rows values;
  private final long[] lengths;

  private ContiguousCache(Scope home, CacheSpec spec, long capacity) {
    this.spec = spec;
    this.capacity = capacity;
    keys = new Rows(home, spec.dtype(), spec.batch(), spec.heads(), capacity, spec.keyDim());
    values = new Rows(home, spec.dtype(), spec.batch(), spec.heads(), capacity, spec.valueDim());
    lengths = new long[Math.toIntExact(spec.batch())];
  }

  /// An empty cache for `capacity` tokens of each sequence, in memory of `home`.
  ///
  /// @throws IllegalArgumentException unless `capacity` is positive
  public static ContiguousCache of(Scope home, CacheSpec spec, long capacity) {
    CacheRules.require(capacity > 0, NAME, "capacity must be positive; got %d", capacity);
    return new ContiguousCache(home, spec, capacity);
  }

  @Override
  public void append(Tensor k, Tensor v) {
    long n = CacheRules.tokens(NAME, spec, k, v);
    long[] counts = new long[lengths.length];
    Arrays.fill(counts, n);
    append(k, v, counts);
  }

  /// Adds of sequence `b` the first `counts[b]` tokens only. For results of so many queries, attend
  /// with [Operand#QUERY_LENGTHS].
  ///
  /// @throws IllegalArgumentException if shapes, types or counts do not fit
  /// @throws IllegalStateException if there is no room
  public void append(Tensor k, Tensor v, long... counts) {
    long n = CacheRules.tokens(NAME, spec, k, v);
    CacheRules.require(
        counts.length == lengths.length && Arrays.stream(counts).allMatch(c -> c >= 0 && c <= n),
        NAME,
        "there must be a count in [0, %d] for each of %d sequences; got %s",
        n,
        lengths.length,
        Arrays.toString(counts));
    long[] places = new long[Math.toIntExact(counts.length * n)];
    Arrays.fill(places, -1);
    for (int b = 0; b < counts.length; b++) {
      if (counts[b] > capacity - lengths[b]) {
        throw new IllegalStateException(
            "%s: sequence %d holds %d of %d tokens; got %d more"
                .formatted(NAME, b, lengths[b], capacity, counts[b]));
      }
      for (int t = 0; t < counts[b]; t++) {
        places[(int) (b * n) + t] = b * capacity + lengths[b] + t;
      }
    }
    keys.write(k, places);
    values.write(v, places);
    for (int b = 0; b < counts.length; b++) {
      lengths[b] += counts[b];
    }
  }

  /// Any options of [Attention] but [Operand#KEY_LENGTHS]; operands that have an axis of keys have
  /// `capacity` of them.
  @Override
  public Attention.Result attend(Tensor q, AttentionOptions options) {
    CacheRules.queries(NAME, spec, q);
    CacheRules.require(
        !options.operands().containsKey(Operand.KEY_LENGTHS),
        NAME,
        "lengths of keys are its own; got options with some");
    Scope step = q.scope();
    Tensor filled = step.tensor(Shape.of(lengths.length), lengths);
    return Attention.of(
        q, keys.in(step), values.in(step), options.with(Operand.KEY_LENGTHS, filled));
  }

  /// Drops the last `n` tokens of every sequence.
  ///
  /// @throws IllegalArgumentException unless every sequence has as many
  public void rollback(long n) {
    long least = Arrays.stream(lengths).min().orElse(0);
    CacheRules.require(
        n >= 0 && n <= least, NAME, "tokens to drop must be there; got %d of %d", n, least);
    for (int b = 0; b < lengths.length; b++) {
      lengths[b] -= n;
    }
  }

  @Override
  public long length() {
    return Arrays.stream(lengths).max().orElse(0);
  }

  /// Tokens of sequence `b`.
  public long length(int b) {
    return lengths[b];
  }

  /// `Hk (D + Dv)` numbers.
  @Override
  public long bytesPerToken() {
    return spec.tokenBytes();
  }

  @Override
  public long bytes() {
    return keys.bytes() + values.bytes();
  }
}
