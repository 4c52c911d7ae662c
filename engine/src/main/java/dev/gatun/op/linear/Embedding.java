package dev.gatun.op.linear;

import dev.gatun.autograd.Node;
import dev.gatun.device.DeviceInfo;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.Cost;
import dev.gatun.op.Keep;
import dev.gatun.op.Kernel;
import dev.gatun.op.Launch;
import dev.gatun.op.Rules;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// `y[.., :] = table[indices[..], :]`.
///
/// Shapes: `table [V, D]` F32, F64 or BF16, `indices [..]` I32 or I64, `y [.., D]` in the type of
/// the table, F32 for BF16. Error: none. Gradient: the rows of `dy` added up by index, in the order
/// of the indices, whatever the number of threads. Cost: one read and one write of `y`; the
/// gradient writes all of the table.
///
/// Throws [IllegalArgumentException] while it runs if an index lies outside `[0, V)`.
public record Embedding() implements Kernel {
  private static final String NAMES = "table indices";

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(2, this, NAMES, in);
    Spec table = in.get(0);
    DType t = table.dtype();
    Rules.require(
        t.computes() || t == DType.BF16, this, "table must be F32, F64 or BF16", NAMES, in);
    Rules.require(table.shape().rank() == 2, this, "table must be [V, D]", NAMES, in);
    Rules.require(in.get(1).dtype().indexes(), this, "indices must be I32 or I64", NAMES, in);
    Shape y = append(in.get(1).shape(), table.shape().dim(1));
    return List.of(new Spec(t == DType.BF16 ? DType.F32 : t, y));
  }

  private static Shape append(Shape s, long last) {
    long[] dims = Arrays.copyOf(s.dims(), s.rank() + 1);
    dims[s.rank()] = last;
    return Shape.of(dims);
  }

  /// @throws IllegalArgumentException unless all of input `i` lies in `[0, rows)`
  static void check(Kernel op, Call c, int i, long rows) {
    for (long j = 0, n = c.inShape(i).elems(); j < n; j++) {
      long index = c.inSpec(i).dtype().readLong(c.in(i), j);
      if (index < 0 || index >= rows) {
        throw new IllegalArgumentException(
            "%s: indices must lie in [0, %d); got %d as element %d of indices %s"
                .formatted(op, rows, index, j, c.inSpec(i)));
      }
    }
  }

  @Override
  public void reference(Call c) {
    check(this, c, 1, c.inShape(0).dim(0));
    long d = c.inShape(0).dim(1);
    for (long i = 0, n = c.inShape(1).elems(); i < n; i++) {
      long row = c.inSpec(1).dtype().readLong(c.in(1), i);
      for (long j = 0; j < d; j++) {
        c.set(0, i * d + j, c.get(0, row * d + j));
      }
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    check(this, c, 1, c.inShape(0).dim(0));
    EmbeddingSimd.forward(c, w);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClEmbedding.rows(this, d, in, infer(in).get(0));
  }

  @Override
  public Keep keep() {
    return Keep.inputs(1);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    long rows = n.inSpec(0).shape().dim(0);
    return List.of(dy.get(0).map(d -> new Grad(rows).of(d, n.in(1))), Optional.empty());
  }

  @Override
  public Cost cost(List<Spec> in) {
    Spec y = infer(in).get(0);
    double read = (double) y.shape().elems() * in.get(0).dtype().bytes();
    return new Cost(0, read + y.bytes() + in.get(1).bytes());
  }

  /// `dtable [V, D]` from `dy [.., D]` and `indices [..]`.
  ///
  /// @param rows `V`
  public record Grad(long rows) implements Kernel {
    private static final String NAMES = "dy indices";

    @Override
    public List<Spec> infer(List<Spec> in) {
      Rules.count(2, this, NAMES, in);
      Spec dy = in.get(0);
      Rules.require(dy.dtype().computes(), this, "dy must be F32 or F64", NAMES, in);
      Rules.require(in.get(1).dtype().indexes(), this, "indices must be I32 or I64", NAMES, in);
      Rules.require(
          dy.shape().rank() > 0 && dy.shape().without(-1).equals(in.get(1).shape()),
          this,
          "dy must be [.., D] and indices [..]",
          NAMES,
          in);
      return List.of(dy.withShape(Shape.of(rows, dy.shape().dim(-1))));
    }

    @Override
    public void reference(Call c) {
      check(this, c, 1, rows);
      long d = c.outShape(0).dim(1);
      double[] row = new double[Math.toIntExact(d)];
      for (long r = 0; r < rows; r++) {
        Arrays.fill(row, 0);
        for (long i = 0, n = c.inShape(1).elems(); i < n; i++) {
          if (c.inSpec(1).dtype().readLong(c.in(1), i) == r) {
            for (int j = 0; j < d; j++) {
              row[j] += c.get(0, i * d + j);
            }
          }
        }
        for (int j = 0; j < d; j++) {
          c.set(0, r * d + j, row[j]);
        }
      }
    }

    @Override
    public void simd(Call c, Workers w) {
      check(this, c, 1, rows);
      EmbeddingSimd.gradient(c, w);
    }

    @Override
    public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
      return ClEmbedding.back(this, d, in);
    }

    @Override
    public Keep keep() {
      return Keep.inputs(1);
    }

    /// Linear in `dy`: its transpose is the embedding.
    @Override
    public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
      return List.of(dy.get(0).map(g -> new Embedding().of(g, n.in(1))), Optional.empty());
    }

    @Override
    public Cost cost(List<Spec> in) {
      return Cost.streaming(1, in, infer(in));
    }
  }
}
