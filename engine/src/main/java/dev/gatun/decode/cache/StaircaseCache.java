package dev.gatun.decode.cache;

import dev.gatun.op.sequence.attention.Attention;
import dev.gatun.op.sequence.attention.AttentionOptions;
import dev.gatun.op.sequence.attention.Mask;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongFunction;

/// All tokens, in less memory the older they are: the newest as they come, then in BF16, then in 8
/// and in 4 bits a number with a scale for each `group` numbers of a key or value.
///
/// Of the last tokens `newest` are as they come, the `halves` before these in BF16, the `bytes`
/// before these in 8 bits and the rest in 4; tokens go down by `step` at a time, so that each of
/// the first three stages holds up to `step - 1` more. Bytes of a token: `Hk (D + Dv)` times 4
/// (F32), 2, `1 + 4 / group` and `1 / 2 + 4 / group`; with F32 and groups of 64 that is 4, 2, 1.06
/// and 0.56 a number.
///
/// Attention is that over the numbers as they are stored, exactly: over the newest where they lie,
/// over the others piece by piece in work memory of one piece, all combined. A number that passed
/// all stages is off by at most `1 / 14 + 1 / 254 + 2^-8` of the greatest of its group. No
/// gradient, to queries either.
public final class StaircaseCache implements KeyValueCache {
  private static final String NAME = "StaircaseCache";

  /// Tokens that are turned into numbers at a time.
  private static final long PIECE = 2048;

  private final CacheSpec spec;
  private final Options options;
  private final TokenRows newest;
  private final List<Stage> older;

  /// Tokens that have left the newest, the stage after it and so on: stage `i` of [#older] holds
  /// tokens `[left[i + 1], left[i])`.
  private final long[] left = new long[4];

  private long length;

  /// Ages at which tokens go down.
  ///
  /// @param newest tokens as they come, at least as many as attend at a time
  /// @param halves tokens in BF16
  /// @param bytes tokens in 8 bits
  /// @param step tokens that go down at a time
  /// @param group numbers that share a scale, even; divides the lengths of keys and values
  /// @param capacity tokens of a sequence
  public record Options(
      long newest, long halves, long bytes, long step, long group, long capacity) {
    /// @throws IllegalArgumentException unless `newest`, `step` and `capacity` are positive,
    ///   `halves` and `bytes` not negative and `group` positive and even
    public Options {
      CacheRules.require(
          newest > 0
              && halves >= 0
              && bytes >= 0
              && step > 0
              && group > 0
              && group % 2 == 0
              && capacity > 0,
          NAME,
          "newest, step and capacity must be positive, halves and bytes at least 0, group positive"
              + " and even; got %d, %d, %d, %d, %d, %d",
          newest,
          step,
          capacity,
          halves,
          bytes,
          group);
    }
  }

  /// Keys and values of a ring of tokens.
  private record Stage(Store keys, Store values, long size) {
    void write(long batch, Tensor k, Tensor v, long first) {
      long[] places = TokenRows.places(batch, k.dim(2), size, t -> (first + t) % size);
      keys.write(k, places);
      values.write(v, places);
    }

    /// Where tokens `[from, to)` are.
    Tensor places(Scope step, long batch, long from, long to) {
      long[] places = TokenRows.places(batch, to - from, size, t -> (from + t) % size);
      return step.tensor(Shape.of(batch, to - from), places);
    }
  }

  private StaircaseCache(Scope home, CacheSpec spec, Options o) {
    this.spec = spec;
    this.options = o;
    // A stage takes a step before it gives one.
    newest = new TokenRows(home, spec, o.newest() + 2 * o.step());
    long rest = Math.max(1, o.capacity() - o.newest() - o.halves() - o.bytes());
    older =
        List.of(
            stage(
                o.halves() + 2 * o.step(),
                d -> Store.Plain.of(home, spec, DType.BF16, o.halves() + 2 * o.step(), d)),
            stage(
                o.bytes() + 2 * o.step(),
                d -> Store.Coded.of(home, spec, 8, o.group(), o.bytes() + 2 * o.step(), d)),
            stage(rest, d -> Store.Coded.of(home, spec, 4, o.group(), rest, d)));
  }

  private Stage stage(long size, LongFunction<Store> store) {
    return new Stage(store.apply(spec.keyDim()), store.apply(spec.valueDim()), size);
  }

  /// An empty cache in memory of `home`.
  ///
  /// @throws IllegalArgumentException unless groups divide the lengths of keys and values
  public static StaircaseCache of(Scope home, CacheSpec spec, Options options) {
    CacheRules.require(
        spec.keyDim() % options.group() == 0 && spec.valueDim() % options.group() == 0,
        NAME,
        "groups must divide the lengths of keys and values; got %d for %d and %d",
        options.group(),
        spec.keyDim(),
        spec.valueDim());
    return new StaircaseCache(home, spec, options);
  }

  @Override
  public void append(Tensor k, Tensor v) {
    long n = CacheRules.tokens(NAME, spec, k, v);
    if (n > options.capacity() - length) {
      throw new IllegalStateException(
          "%s: %d of %d tokens are held; got %d more"
              .formatted(NAME, length, options.capacity(), n));
    }
    for (long from = 0; from < n; from += options.step()) {
      long to = Math.min(n, from + options.step());
      try (Scope step = k.device().scope("append")) {
        Tensor piece = step.borrow(k.detach()).slice(2, from, to);
        newest.writeRing(piece, step.borrow(v.detach()).slice(2, from, to), length);
      }
      length += to - from;
      age();
    }
  }

  /// Moves a step of tokens down from each stage that holds a step too many.
  private void age() {
    long[] keep = {options.newest(), options.halves(), options.bytes()};
    for (int i = 0; i < keep.length; i++) {
      long end = i == 0 ? length : left[i - 1];
      if (end - left[i] >= keep[i] + options.step()) {
        down(i);
      }
    }
  }

  private void down(int i) {
    long from = left[i];
    long to = from + options.step();
    try (Scope step = newest.keys().device().scope("age")) {
      Tensor[] kv = i == 0 ? readNewest(step, from, to) : read(step, i - 1, from, to);
      older.get(i).write(spec.batch(), kv[0], kv[1], from);
    }
    left[i] = to;
  }

  private Tensor[] readNewest(Scope step, long from, long to) {
    long size = options.newest() + 2 * options.step();
    long[] places = TokenRows.places(spec.batch(), to - from, size, t -> (from + t) % size);
    Tensor at = step.tensor(Shape.of(spec.batch(), to - from), places);
    return new Tensor[] {newest.keys().read(at, 1), newest.values().read(at, 1)};
  }

  private Tensor[] read(Scope step, int stage, long from, long to) {
    Stage s = older.get(stage);
    Tensor at = s.places(step, spec.batch(), from, to);
    return new Tensor[] {s.keys().read(at, spec.dtype()), s.values().read(at, spec.dtype())};
  }

  @Override
  public Attention.Result attend(Tensor q, AttentionOptions o) {
    CacheRules.plain(NAME, o);
    int n = (int) CacheRules.newest(NAME, spec, q, length, options.newest());
    long[] runs = new long[4 * n];
    for (int i = 0; i < n; i++) {
      newest.ringRuns(runs, i, left[0], length - n + i + 1);
    }
    List<Attention.Result> parts = new ArrayList<>();
    parts.add(newest.attend(q.detach(), runs, o));
    for (int stage = 0; stage < older.size(); stage++) {
      for (long from = left[stage + 1]; from < left[stage]; from += PIECE) {
        long to = Math.min(left[stage], from + PIECE);
        try (Scope piece = q.device().scope("piece")) {
          Tensor[] kv = read(piece, stage, from, to);
          Tensor x = piece.borrow(q.detach());
          Attention.Result r = Attention.of(x, kv[0], kv[1], o.withMask(Mask.none()));
          parts.add(
              new Attention.Result(
                  r.o().in(q.scope()), r.lse().in(q.scope()), java.util.Optional.empty()));
        }
      }
    }
    return TokenRows.combine(parts);
  }

  /// Tokens of a sequence that are stored as they come, in BF16, in 8 and in 4 bits.
  public long[] staged() {
    return new long[] {length - left[0], left[0] - left[1], left[1] - left[2], left[2]};
  }

  /// The keys and values as they are stored, all tokens in order, in `scope`: `[B, Hk, n, D]` and
  /// `[B, Hk, n, Dv]`, for looking at what storage does to them.
  public Stored stored(Scope scope) {
    List<Tensor> k = new ArrayList<>();
    List<Tensor> v = new ArrayList<>();
    for (int stage = older.size() - 1; stage >= -1; stage--) {
      long from = left[stage + 1];
      long to = stage < 0 ? length : left[stage];
      if (from < to) {
        Tensor[] kv = stage < 0 ? readNewest(scope, from, to) : read(scope, stage, from, to);
        k.add(kv[0]);
        v.add(kv[1]);
      }
    }
    return new Stored(join(k), join(v));
  }

  private static Tensor join(List<Tensor> parts) {
    return parts.get(0).concat(2, parts.subList(1, parts.size()).toArray(Tensor[]::new));
  }

  /// What a cache holds.
  public record Stored(Tensor keys, Tensor values) {}

  @Override
  public long length() {
    return length;
  }

  /// Of a token in the last stage: `Hk (D + Dv) (1 / 2 + 4 / group)`.
  @Override
  public long bytesPerToken() {
    return bytesPerToken(3);
  }

  /// Of a token in stage 0 (as it comes), 1 (BF16), 2 (8 bits) or 3 (4 bits).
  ///
  /// @throws IllegalArgumentException if there is no such stage
  public long bytesPerToken(int stage) {
    long numbers = spec.numbers();
    long scales = numbers / options.group() * Float.BYTES;
    return switch (stage) {
      case 0 -> spec.tokenBytes();
      case 1 -> numbers * DType.BF16.bytes();
      case 2 -> numbers + scales;
      case 3 -> numbers / 2 + scales;
      default ->
          throw new IllegalArgumentException(
              NAME + ": the stage must be 0, 1, 2 or 3; got " + stage);
    };
  }

  @Override
  public long bytes() {
    return newest.bytes()
        + older.stream().mapToLong(s -> s.keys().bytes() + s.values().bytes()).sum();
  }
}
