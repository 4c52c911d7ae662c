package dev.gatun.op.math;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.Arrays;
import java.util.Random;
import java.util.function.LongBinaryOperator;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Integer arithmetic wraps and loses no digit of a long, whichever way operands broadcast.
class IntegerTest {
  private static final int N = 203;
  private static final long[] EDGES = {
    0, 1, -1, Integer.MAX_VALUE, Integer.MIN_VALUE, Long.MAX_VALUE, Long.MIN_VALUE, (1L << 53) + 1
  };

  private record Case(Method op, LongBinaryOperator java) {}

  /// A method of [Tensor].
  private interface Method {
    Tensor apply(Tensor x, Tensor y);
  }

  private static long[] draw(int seed) {
    Random random = new Random(seed);
    return LongStream.range(0, N)
        .map(i ->
            i < EDGES.length * EDGES.length
                ? EDGES[(int) (seed == 1 ? i % EDGES.length : i / EDGES.length)]
                : random.nextLong() >> random.nextInt(64))
        .toArray();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void longs(boolean plain) {
    Case[] cases = {
      new Case(Tensor::add, (x, y) -> x + y),
      new Case(Tensor::sub, (x, y) -> x - y),
      new Case(Tensor::mul, (x, y) -> x * y),
      new Case(Tensor::maximum, Math::max),
      new Case(Tensor::minimum, Math::min),
      new Case(Tensor::and, (x, y) -> x & y),
      new Case(Tensor::or, (x, y) -> x | y),
      new Case(Tensor::xor, (x, y) -> x ^ y),
      new Case(Tensor::shiftLeft, (x, y) -> x << y),
      new Case(Tensor::shiftRight, (x, y) -> x >> y),
      new Case(Tensor::equal, (x, y) -> x == y ? 1 : 0),
      new Case(Tensor::notEqual, (x, y) -> x != y ? 1 : 0),
      new Case(Tensor::less, (x, y) -> x < y ? 1 : 0),
      new Case(Tensor::lessEqual, (x, y) -> x <= y ? 1 : 0),
      new Case(Tensor::greater, (x, y) -> x > y ? 1 : 0),
      new Case(Tensor::greaterEqual, (x, y) -> x >= y ? 1 : 0)
    };
    long[] x = draw(1);
    long[] y = draw(2);
    try (CpuDevice cpu = open(plain);
        Scope s = cpu.scope()) {
      Tensor a = s.tensor(Shape.of(N), x);
      Tensor b = s.tensor(Shape.of(N), y);
      Tensor one = s.tensor(Shape.of(), (1L << 53) + 1);
      for (Case c : cases) {
        check(c, x, y, c.op().apply(a, b));
        check(c, fill((1L << 53) + 1), y, c.op().apply(one, b));
        check(c, x, fill((1L << 53) + 1), c.op().apply(a, one));
      }
      assertArrayEquals(map(x, v -> -v), a.neg().toLongArray());
      assertArrayEquals(map(x, v -> ~v), a.not().toLongArray());
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void ints(boolean plain) {
    Case[] cases = {
      new Case(Tensor::add, (x, y) -> (int) (x + y)),
      new Case(Tensor::sub, (x, y) -> (int) (x - y)),
      new Case(Tensor::mul, (x, y) -> (int) (x * y)),
      new Case(Tensor::maximum, Math::max),
      new Case(Tensor::minimum, Math::min),
      new Case(Tensor::and, (x, y) -> x & y),
      new Case(Tensor::or, (x, y) -> x | y),
      new Case(Tensor::xor, (x, y) -> x ^ y),
      new Case(Tensor::shiftLeft, (x, y) -> (int) x << (int) y),
      new Case(Tensor::shiftRight, (x, y) -> (int) x >> (int) y),
      new Case(Tensor::equal, (x, y) -> x == y ? 1 : 0),
      new Case(Tensor::notEqual, (x, y) -> x != y ? 1 : 0),
      new Case(Tensor::less, (x, y) -> x < y ? 1 : 0),
      new Case(Tensor::lessEqual, (x, y) -> x <= y ? 1 : 0),
      new Case(Tensor::greater, (x, y) -> x > y ? 1 : 0),
      new Case(Tensor::greaterEqual, (x, y) -> x >= y ? 1 : 0)
    };
    long[] x = map(draw(1), v -> (int) v);
    long[] y = map(draw(2), v -> (int) v);
    try (CpuDevice cpu = open(plain);
        Scope s = cpu.scope()) {
      Tensor a = s.tensor(Shape.of(N), x).to(DType.I32);
      Tensor b = s.tensor(Shape.of(N), y).to(DType.I32);
      Tensor one = s.tensor(Shape.of(), Integer.MAX_VALUE - 1);
      for (Case c : cases) {
        check(c, x, y, c.op().apply(a, b));
        check(c, fill(Integer.MAX_VALUE - 1), y, c.op().apply(one, b));
        check(c, x, fill(Integer.MAX_VALUE - 1), c.op().apply(a, one));
      }
      assertArrayEquals(map(x, v -> (int) -v), a.neg().toLongArray());
      assertArrayEquals(map(x, v -> ~v), a.not().toLongArray());
    }
  }

  private static void check(Case c, long[] x, long[] y, Tensor got) {
    long[] want = new long[N];
    Arrays.setAll(want, i -> c.java().applyAsLong(x[i], y[i]));
    assertArrayEquals(want, got.toLongArray());
  }

  private static long[] fill(long v) {
    long[] a = new long[N];
    Arrays.fill(a, v);
    return a;
  }

  private static long[] map(long[] x, java.util.function.LongUnaryOperator f) {
    return Arrays.stream(x).map(f).toArray();
  }

  private static CpuDevice open(boolean plain) {
    CpuDevice.Options options = CpuDevice.Options.standard();
    return CpuDevice.open(plain ? options.withReferenceKernels() : options);
  }
}
