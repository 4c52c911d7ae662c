package dev.gatun.op.linear;

import dev.gatun.device.DeviceInfo;
import dev.gatun.op.ClSource;
import dev.gatun.op.Launch;
import dev.gatun.op.Launch.In;
import dev.gatun.op.Launch.Out;
import dev.gatun.op.Launch.Scratch;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Layout;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.util.List;

/// OpenCL launches of [MatMul] and [PackedMatMul].
final class ClMatMul {
  private static final ClSource SOURCE = ClSource.of(ClMatMul.class, "product.cl", "line.cl");

  /// With at most so many rows the matrix is read where it lies.
  private static final int FEW = 4;

  private ClMatMul() {}

  static List<Launch> product(MatMul op, DeviceInfo d, List<Spec> in) {
    Spec a = in.get(0);
    Spec b = in.get(1);
    long m = op.m(a);
    long n = op.n(b);
    long k = op.k(a);
    DType t = a.dtype();
    Shape batch = MatMul.batch(op.infer(in).get(0).shape());
    Shape as = MatMul.batch(a.shape());
    Shape bs = MatMul.batch(b.shape());
    boolean rows = as.elems() == batch.elems() && bs.elems() == 1 && !op.transA();
    if (rows) {
      // One product over all rows.
      m *= batch.elems();
      batch = Shape.of();
      as = batch;
      bs = batch;
    }
    ClProduct p = new ClProduct(t, m, n, k).activation(op.activation());
    p.a(0, op.transA() ? 1 : k, op.transA() ? m : 1);
    if (op.bias()) {
      p.columnBias(new In(2));
    }
    long row = op.transB() ? 1 : n;
    long column = op.transB() ? k : 1;
    if (m <= FEW && (!op.transA() || m == 1)) {
      batches(p, batch, as, bs, m * k, k * n);
      return List.of(p.line(d, SOURCE, b.dtype(), row, column));
    }
    long panels = k * Launch.roundUp(n, ClProduct.WIDTH);
    batches(p, batch, as, bs, m * k, panels);
    Scratch s = new Scratch(0, ClProduct.bytes(t, bs.elems(), k, n));
    return List.of(
        ClProduct.panels(d, t, b.dtype(), 1, s, bs.elems(), k, n, row, column, k * n),
        p.launch(d, new In(0), s, new Out(0)));
  }

  /// Sets the batch: `a` and `b` are the sizes of a matrix of each.
  static void batches(ClProduct p, Shape batch, Shape as, Shape bs, long a, long b) {
    int rank = batch.rank();
    Layout la = Layout.contiguous(as, 0).broadcast(as, batch);
    Layout lb = Layout.contiguous(bs, 0).broadcast(bs, batch);
    long[] sizes = new long[rank];
    long[] aStrides = new long[rank];
    long[] bStrides = new long[rank];
    for (int i = 0; i < rank; i++) {
      sizes[i] = batch.dim(rank - 1 - i);
      aStrides[i] = la.stride(rank - 1 - i) * a;
      bStrides[i] = lb.stride(rank - 1 - i) * b;
    }
    p.batches(sizes, aStrides, bStrides, new long[rank]);
  }

  static List<Launch> packed(PackedMatMul op, DeviceInfo d, List<Spec> in) {
    Shape x = in.get(0).shape();
    long m = x.elems(0, x.rank() - 1);
    ClProduct p =
        new ClProduct(in.get(0).dtype(), m, op.columns(), x.dim(-1)).activation(op.activation());
    if (op.bias()) {
      p.columnBias(new In(2));
    }
    return List.of(p.launch(d, new In(0), new In(1), new Out(0)));
  }
}
