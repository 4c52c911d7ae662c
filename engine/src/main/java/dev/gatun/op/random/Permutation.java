package dev.gatun.op.random;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.gatun.device.DeviceInfo;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.Launch;
import dev.gatun.op.Rules;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// The numbers `0 .. n - 1` in random order, I64 `[n]`.
///
/// Durstenfeld's shuffle (CACM 7, 1964, algorithm 235): from the numbers in order, for `i = 0 .. n
/// - 2` element `i` changes places with element `i + floor(u_i (n - i) 2^-64)`, where `u_i` is the
///   64-bit number that [RandomInt] makes element `i` of. Every order is as likely as the others
///   but for less than `n^2 2^-64`. The numbers `u_i` are made by all workers, the exchanges by
///   one, as each waits for those before it. The same on every device and thread count. No
///   gradient.
///
/// @param n how many
public record Permutation(long n, long seed) implements Random {
  @Override
  public DType dtype() {
    return DType.I64;
  }

  @Override
  public Shape shape() {
    return Shape.of(n);
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(0, this, "", in);
    return List.of(new Spec(DType.I64, shape()));
  }

  @Override
  public void reference(Call c) {
    order(c);
    for (long i = 0; i < n; i++) {
      exchange(c.out(0), i, partner(seed, i, n));
    }
  }

  private static long partner(long seed, long i, long n) {
    long u = Philox.words(seed, i / 2, (int) (i & 1));
    return i + Math.unsignedMultiplyHigh(u, n - i);
  }

  private void order(Call c) {
    for (long i = 0; i < n; i++) {
      c.out(0).set(JAVA_LONG_UNALIGNED, i * 8, i);
    }
  }

  private static void exchange(MemorySegment s, long i, long j) {
    long a = s.get(JAVA_LONG_UNALIGNED, i * 8);
    s.set(JAVA_LONG_UNALIGNED, i * 8, s.get(JAVA_LONG_UNALIGNED, j * 8));
    s.set(JAVA_LONG_UNALIGNED, j * 8, a);
  }

  /// Fills scratch with the partners.
  @Override
  public Workers.Body body() {
    return Permutation::partners;
  }

  private static void partners(Call c, long phase, int block, int worker) {
    long n = c.outShape(0).dim(0);
    long end = Random.end(c, block);
    for (long i = (long) block * BLOCK; i < end; i++) {
      c.scratch().set(JAVA_LONG_UNALIGNED, i * 8, partner(c.registers()[0], i, n));
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    c.registers()[0] = seed;
    w.run(body(), c, 0, Math.toIntExact((n + BLOCK - 1) / BLOCK));
    order(c);
    for (long i = 0; i < n; i++) {
      exchange(c.out(0), i, c.scratch().get(JAVA_LONG_UNALIGNED, i * 8));
    }
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClRandom.permutation(d, this);
  }

  @Override
  public long scratch(List<Spec> in, int workers) {
    return 8 * n;
  }
}
