package dev.gatun.op.shape;

import dev.gatun.autograd.Node;
import dev.gatun.device.DeviceInfo;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.Cost;
import dev.gatun.op.Keep;
import dev.gatun.op.Kernel;
import dev.gatun.op.Launch;
import dev.gatun.op.Rules;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// `y = x`, then `y[.., indices[.., j, ..], ..] = y[..] (mode) source[.., j, ..]` along `axis`, for
/// `j` from first to last: where indices repeat, a [Mode#SET] keeps the last and a sum is added up
/// in that order, whatever the number of threads.
///
/// Shapes: `x [.., n, ..]`, `indices [.., m, ..]` I32 or I64 and `source` of the shape of
/// `indices`, of the same rank and, but for the axis, of the same sizes; `y` as `x`. [Mode#SET]
/// takes every type, the others F32 and F64. Error: none but that of each operation. Cost: one read
/// of all inputs, one write of `y`.
///
/// Gradient: exact where indices repeat, too. [Mode#SET]: `dx` is `dy` with 0 where something was
/// set, `dsource` is `dy` for what was kept and 0 elsewhere. [Mode#MUL]: products of all the other
/// factors, without a division. [Mode#MAX] and [Mode#MIN]: `dy`, shared evenly among the elements
/// that equal the result, as in [dev.gatun.op.reduce.Max].
///
/// Throws [IllegalArgumentException] while it runs if an index lies outside `[0, n)`.
///
/// @param axis counted from 0
public record Scatter(int axis, Mode mode) implements Kernel {
  private static final String NAMES = "x indices source";

  /// What becomes of an element that an index names.
  public enum Mode {
    /// The element of `source`.
    SET,
    /// The sum of both.
    ADD,
    /// The product of both.
    MUL,
    /// The greater one; NaN wins.
    MAX,
    /// The smaller one; NaN wins.
    MIN;

    double join(double a, double b) {
      return switch (this) {
        case SET -> b;
        case ADD -> a + b;
        case MUL -> a * b;
        case MAX -> Math.max(a, b);
        case MIN -> Math.min(a, b);
      };
    }
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(3, this, NAMES, in);
    Spec x = in.get(0);
    Gather.requireIndices(this, axis, x, in.get(1), NAMES, in);
    Rules.require(
        in.get(2).equals(x.withShape(in.get(1).shape())),
        this,
        "source must have the type of x and the shape of indices",
        NAMES,
        in);
    Rules.require(
        mode == Mode.SET || x.dtype().computes(), this, "x must be F32 or F64", NAMES, in);
    return List.of(x);
  }

  @Override
  public void reference(Call c) {
    Indices.check(this, c, 1, c.inShape(0).dim(axis));
    if (mode == Mode.SET) {
      set(c);
      return;
    }
    Runs runs = Runs.of(c.inShape(0), c.inShape(1), axis);
    double[] y = new double[Math.toIntExact(runs.n())];
    for (long run = 0; run < runs.count(); run++) {
      for (int k = 0; k < runs.n(); k++) {
        y[k] = c.get(0, runs.x(run, k));
      }
      for (int j = 0; j < runs.m(); j++) {
        int k = runs.index(c, run, j);
        y[k] = mode.join(y[k], c.get(2, runs.source(run, j)));
      }
      for (int k = 0; k < runs.n(); k++) {
        c.set(0, runs.x(run, k), y[k]);
      }
    }
  }

  private void set(Call c) {
    int bytes = c.dtype().bytes();
    MemorySegment.copy(c.in(0), 0, c.out(0), 0, c.inSpec(0).bytes());
    Runs runs = Runs.of(c.inShape(0), c.inShape(1), axis);
    for (long run = 0; run < runs.count(); run++) {
      for (int j = 0; j < runs.m(); j++) {
        long from = runs.source(run, j);
        long to = runs.x(run, runs.index(c, run, j));
        MemorySegment.copy(c.in(2), from * bytes, c.out(0), to * bytes, bytes);
      }
    }
  }

  /// The runs along the axis of `x [outer, n, inner]` and `source [outer, m, inner]`, for loops of
  /// the reference.
  private record Runs(long count, long n, long m, long inner) {
    static Runs of(Shape x, Shape source, int axis) {
      long inner = x.elems(axis + 1, x.rank());
      return new Runs(x.elems(0, axis) * inner, x.dim(axis), source.dim(axis), inner);
    }

    long x(long run, long k) {
      return (run / inner * n + k) * inner + run % inner;
    }

    long source(long run, long j) {
      return (run / inner * m + j) * inner + run % inner;
    }

    int index(Call c, long run, long j) {
      return (int) c.inSpec(1).dtype().readLong(c.in(1), source(run, j));
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    IndicesSimd.check(this, c, 1, c.inShape(0).dim(axis));
    ScatterSimd.forward(c, w, axis, mode);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClIndex.scatter(this, d, in);
  }

  @Override
  public Keep keep() {
    return switch (mode) {
      case SET, ADD -> Keep.inputs(1);
      case MUL -> Keep.inputs(0, 1, 2);
      case MAX, MIN -> Keep.inputs(0, 1, 2).andOutputs(0);
    };
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    Tensor d = dy.get(0).orElseThrow();
    List<Tensor> both =
        switch (mode) {
          case ADD -> List.of(d, n.needs(2) ? new Gather(axis).of(d, n.in(1)) : d);
          case SET -> new Grad(axis, mode).apply(d, n.in(1));
          case MUL -> new Grad(axis, mode).apply(d, n.in(1), n.in(0), n.in(2));
          case MAX, MIN -> new Grad(axis, mode).apply(d, n.in(1), n.in(0), n.in(2), n.out(0));
        };
    return List.of(
        n.needs(0) ? Optional.of(both.get(0)) : Optional.empty(),
        Optional.empty(),
        n.needs(2) ? Optional.of(both.get(1)) : Optional.empty());
  }

  @Override
  public Cost cost(List<Spec> in) {
    return Cost.streaming(0, in, infer(in));
  }

  /// `dx` and `dsource` from `dy`, `indices` and, by mode, `x`, `source` and `y`. F32 and F64.
  public record Grad(int axis, Mode mode) implements Kernel {
    private static final String NAMES = "dy indices x source y";

    private int inputs() {
      return switch (mode) {
        case SET, ADD -> 2;
        case MUL -> 4;
        case MAX, MIN -> 5;
      };
    }

    @Override
    public List<Spec> infer(List<Spec> in) {
      Rules.count(inputs(), this, NAMES, in);
      Spec dy = in.get(0);
      Rules.require(dy.dtype().computes(), this, "dy must be F32 or F64", NAMES, in);
      Gather.requireIndices(this, axis, dy, in.get(1), NAMES, in);
      Spec source = dy.withShape(in.get(1).shape());
      for (int i = 2; i < in.size(); i++) {
        Rules.require(
            in.get(i).equals(i == 3 ? source : dy),
            this,
            "x and y must be as dy, source as indices",
            NAMES,
            in);
      }
      return List.of(dy, source);
    }

    @Override
    public void reference(Call c) {
      Indices.check(this, c, 1, c.inShape(0).dim(axis));
      Runs runs = Runs.of(c.inShape(0), c.inShape(1), axis);
      double[] dx = new double[Math.toIntExact(runs.n())];
      double[] ds = new double[Math.toIntExact(runs.m())];
      for (long run = 0; run < runs.count(); run++) {
        switch (mode) {
          case SET, ADD -> last(c, runs, run, dx, ds);
          case MUL -> others(c, runs, run, dx, ds);
          case MAX, MIN -> shares(c, runs, run, dx, ds);
        }
        for (int k = 0; k < dx.length; k++) {
          c.set(0, runs.x(run, k), dx[k]);
        }
        for (int j = 0; j < ds.length; j++) {
          c.set(1, runs.source(run, j), ds[j]);
        }
      }
    }

    private static void load(Call c, int i, Runs runs, long run, double[] values) {
      for (int k = 0; k < values.length; k++) {
        values[k] = c.get(i, runs.x(run, k));
      }
    }

    /// Backwards, the first to name an element takes its gradient away.
    private void last(Call c, Runs runs, long run, double[] dx, double[] ds) {
      load(c, 0, runs, run, dx);
      for (int j = ds.length - 1; j >= 0; j--) {
        int k = runs.index(c, run, j);
        ds[j] = dx[k];
        dx[k] = mode == Mode.SET ? 0 : dx[k];
      }
    }

    /// The product of what comes before each factor, then that of what comes after.
    private static void others(Call c, Runs runs, long run, double[] dx, double[] ds) {
      load(c, 2, runs, run, dx);
      for (int j = 0; j < ds.length; j++) {
        int k = runs.index(c, run, j);
        ds[j] = dx[k];
        dx[k] *= c.get(3, runs.source(run, j));
      }
      load(c, 0, runs, run, dx);
      for (int j = ds.length - 1; j >= 0; j--) {
        int k = runs.index(c, run, j);
        ds[j] *= dx[k];
        dx[k] *= c.get(3, runs.source(run, j));
      }
    }

    private static void shares(Call c, Runs runs, long run, double[] dx, double[] ds) {
      double[] y = new double[dx.length];
      load(c, 4, runs, run, y);
      load(c, 2, runs, run, dx);
      double[] ties = new double[dx.length];
      for (int k = 0; k < dx.length; k++) {
        ties[k] = same(dx[k], y[k]) ? 1 : 0;
      }
      for (int j = 0; j < ds.length; j++) {
        int k = runs.index(c, run, j);
        ds[j] = same(c.get(3, runs.source(run, j)), y[k]) ? 1 : 0;
        ties[k] += ds[j];
      }
      for (int j = 0; j < ds.length; j++) {
        int k = runs.index(c, run, j);
        ds[j] = ds[j] == 0 ? 0 : c.get(0, runs.x(run, k)) / ties[k];
      }
      for (int k = 0; k < dx.length; k++) {
        dx[k] = same(dx[k], y[k]) ? c.get(0, runs.x(run, k)) / ties[k] : 0;
      }
    }

    /// Equal, NaN to itself and the two zeros to each other.
    static boolean same(double a, double b) {
      return Double.compare(a + 0.0, b + 0.0) == 0;
    }

    @Override
    public void simd(Call c, Workers w) {
      IndicesSimd.check(this, c, 1, c.inShape(0).dim(axis));
      ScatterSimd.gradient(c, w, axis, mode);
    }

    @Override
    public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
      return ClIndex.gradient(this, d, in);
    }

    @Override
    public Keep keep() {
      return Keep.inputs(1);
    }

    /// Linear in `dy` for a [Mode#SET], whose transpose it is. The others are not differentiated
    /// again.
    @Override
    public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> d) {
      List<Optional<Tensor>> none = Collections.nCopies(n.inputs() - 1, Optional.empty());
      Optional<Tensor> ddy =
          mode == Mode.SET
              ? Optional.of(new Scatter(axis, mode).of(orZeros(n, d, 0), n.in(1), orZeros(n, d, 1)))
              : Optional.empty();
      return Stream.concat(Stream.of(ddy), none.stream()).toList();
    }

    private static Tensor orZeros(Node n, List<Optional<Tensor>> d, int i) {
      return d.get(i)
          .orElseGet(() ->
              d.get(1 - i).orElseThrow().scope().zeros(n.outSpec(i).dtype(), n.outSpec(i).shape()));
    }

    @Override
    public Cost cost(List<Spec> in) {
      return Cost.streaming(0, in, infer(in));
    }
  }
}
