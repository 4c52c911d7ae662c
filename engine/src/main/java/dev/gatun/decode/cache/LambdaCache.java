package dev.gatun.decode.cache;

import dev.gatun.op.sequence.attention.Attention;
import dev.gatun.op.sequence.attention.AttentionOptions;
import dev.gatun.op.sequence.attention.Rope;
import dev.gatun.op.sequence.attention.Rotary;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/// The last `local` tokens with true distances and the first `global` at a distance of `limit`:
/// constant memory, and no distance that training did not see (Han et al., LM-Infinite, arXiv
/// 2308.16137).
///
/// Token `t` sees tokens `t - local < j <= t` under the rotary embedding, and of the first `global`
/// those that are farther, unturned, by a query turned to position `limit`. The two attentions are
/// combined. Angles are worked out in double.
///
/// Several tokens at a time: all that is appended is kept right, and the last `chunk` of it may
/// attend. Memory: `global + local + chunk - 1` tokens. Cost of a step: one read of what is seen.
public final class LambdaCache implements KeyValueCache {
  private static final String NAME = "LambdaCache";

  private final CacheSpec spec;
  private final Options options;
  private final TokenRows ring;
  private final TokenRows start;
  private long length;

  /// What is kept.
  ///
  /// @param global first tokens
  /// @param local last tokens
  /// @param limit distance at which first tokens outside the last are seen
  /// @param chunk tokens that may attend at a time
  /// @param rotary turns keys and queries
  public record Options(long global, long local, long limit, long chunk, Rotary rotary) {
    /// @throws IllegalArgumentException unless all are positive, `limit` not negative, and there is
    ///   no XPos, whose factors grow without bound
    public Options {
      CacheRules.require(
          global > 0 && local > 0 && limit >= 0 && chunk > 0 && rotary.xpos().isEmpty(),
          NAME,
          "global, local and chunk must be positive, limit at least 0 and rotary without XPos; got"
              + " %d, %d, %d, %d, %s",
          global,
          local,
          chunk,
          limit,
          rotary);
    }

    /// One token at a time, first tokens seen at the distance where the last ones end.
    public static Options of(long global, long local, Rotary rotary) {
      return new Options(global, local, local, 1, rotary);
    }

    /// With first tokens seen at distance `distance`.
    public Options withLimit(long distance) {
      return new Options(global, local, distance, chunk, rotary);
    }

    /// With `n` tokens at a time.
    public Options withChunk(long n) {
      return new Options(global, local, limit, n, rotary);
    }
  }

  private LambdaCache(Scope home, CacheSpec spec, Options options) {
    this.spec = spec;
    this.options = options;
    ring = new TokenRows(home, spec, options.local() + options.chunk() - 1);
    start = new TokenRows(home, spec, options.global());
  }

  /// An empty cache in memory of `home`.
  public static LambdaCache of(Scope home, CacheSpec spec, Options options) {
    return new LambdaCache(home, spec, options);
  }

  @Override
  public void append(Tensor k, Tensor v) {
    long n = CacheRules.tokens(NAME, spec, k, v);
    try (Scope step = k.device().scope("append")) {
      Rotary r = options.rotary();
      Tensor x = step.borrow(k.detach());
      start.write(x, v, t -> length + t < options.global() ? length + t : -1);
      ring.writeRing(Rope.of(x, r, r.keyTables(step, spec.dtype(), length, n)), v, length);
    }
    length += n;
  }

  @Override
  public Attention.Result attend(Tensor q, AttentionOptions o) {
    CacheRules.plain(NAME, o);
    int n = (int) CacheRules.newest(NAME, spec, q, length, options.chunk());
    long first = length - n;
    long[] near = new long[4 * n];
    long[] far = new long[4 * n];
    for (int i = 0; i < n; i++) {
      long end = first + i + 1;
      long begin = Math.max(0, end - options.local());
      ring.ringRuns(near, i, begin, end);
      far[4 * i + 1] = Math.min(options.global(), begin);
    }
    Scope step = q.scope();
    Rotary r = options.rotary();
    long[] limits = new long[n];
    Arrays.fill(limits, options.limit());
    Tensor away = Rope.of(q, r, r.tables(spec.dtype(), step.tensor(Shape.of(n), limits)));
    Tensor here = Rope.of(q, r, r.tables(step, spec.dtype(), first, n));
    return TokenRows.combine(List.of(start.attend(away, far, o), ring.attend(here, near, o)));
  }

  @Override
  public long length() {
    return length;
  }

  /// `Hk (D + Dv)` numbers, of tokens that are kept.
  @Override
  public long bytesPerToken() {
    return spec.tokenBytes();
  }

  @Override
  public long bytes() {
    return ring.bytes() + start.bytes();
  }
}
