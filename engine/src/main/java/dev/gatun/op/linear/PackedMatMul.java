package dev.gatun.op.linear;

import dev.gatun.autograd.Gradients;
import dev.gatun.autograd.Node;
import dev.gatun.device.DeviceInfo;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.Cost;
import dev.gatun.op.Keep;
import dev.gatun.op.Kernel;
import dev.gatun.op.Launch;
import dev.gatun.op.Rules;
import dev.gatun.op.shape.Broadcast;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// `y = activation(x b + bias)` for a matrix `b` that was packed by [#pack]: a product with weights
/// that many calls use, without the copy of `b` that [MatMul] makes in each. With few rows that
/// copy is most of the time.
///
/// Shapes: `x [.., k]`, packed `[ceil(n / 32), k, 32]`, `bias [n]`, `y [.., n]`. F32 or F64.
/// Gradient: as of [MatMul]; that of the packed matrix is packed. Cost: `2 m n k` flops. Error and
/// sums: those of [MatMul], bit for bit.
///
/// @param columns `n`
/// @param bias whether a third input is added to every row
/// @param activation applied last
public record PackedMatMul(long columns, boolean bias, Activation activation) implements Kernel {
  /// Columns of a panel: a whole number of tiles for vectors of 128 to 512 bits.
  public static final int WIDTH = 32;

  /// `b [k, n]` as panels of columns, the last one filled up with zeros.
  ///
  /// @throws IllegalArgumentException unless `b` is a matrix of F32 or F64
  public static Tensor pack(Tensor b) {
    if (b.shape().rank() != 2 || !b.dtype().computes()) {
      throw new IllegalArgumentException(
          "PackedMatMul: b must be a matrix of F32 or F64; got b " + b.spec());
    }
    long rest = Math.floorMod(-b.dim(1), (long) WIDTH);
    Tensor whole = rest == 0 ? b : b.pad(1, 0, rest);
    return whole.reshape(b.dim(0), whole.dim(1) / WIDTH, WIDTH).permute(1, 0, 2).copy();
  }

  /// The matrix `[k, n]` that was packed.
  public static Tensor unpack(Tensor packed, long columns) {
    return packed
        .permute(1, 0, 2)
        .reshape(packed.dim(1), packed.dim(0) * packed.dim(2))
        .slice(1, 0, columns);
  }

  /// `activation(x b + bias)`. Where a gradient is wanted, the activation is an op of its own.
  ///
  /// @throws IllegalArgumentException if shapes or types do not fit
  public static Tensor of(
      Tensor x, Tensor packed, long columns, Optional<Tensor> bias, Activation activation) {
    boolean recorded =
        x.wantsGrad() || packed.wantsGrad() || bias.stream().anyMatch(Tensor::wantsGrad);
    Activation fused = recorded ? Activation.NONE : activation;
    PackedMatMul op = new PackedMatMul(columns, bias.isPresent(), fused);
    Tensor y = bias.isPresent() ? op.of(x, packed, bias.get()) : op.of(x, packed);
    return recorded ? activation.of(y) : y;
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    String names = bias ? "x packed bias" : "x packed";
    Rules.count(bias ? 3 : 2, this, names, in);
    Rules.computing(this, names, in);
    Shape x = in.get(0).shape();
    Shape packed = in.get(1).shape();
    Rules.require(x.rank() >= 1, this, "x must have an axis", names, in);
    Rules.require(
        packed.rank() == 3
            && packed.dim(2) == WIDTH
            && packed.dim(0) == Math.ceilDiv(columns, WIDTH),
        this,
        "packed must be [ceil(n / 32), k, 32]",
        names,
        in);
    Rules.require(x.dim(-1) == packed.dim(1), this, "x and packed must agree in k", names, in);
    Rules.require(
        !bias || in.get(2).shape().equals(Shape.of(columns)), this, "bias must be [n]", names, in);
    return List.of(in.get(0).withShape(x.with(-1, columns)));
  }

  @Override
  public void reference(Call c) {
    long k = c.inShape(0).dim(-1);
    long rows = c.inShape(0).elems(0, c.inShape(0).rank() - 1);
    for (long i = 0; i < rows; i++) {
      for (long j = 0; j < columns; j++) {
        double sum = bias ? c.get(2, j) : 0;
        for (long l = 0; l < k; l++) {
          sum += c.get(0, i * k + l) * c.get(1, (j / WIDTH * k + l) * WIDTH + j % WIDTH);
        }
        c.set(0, i * columns + j, activation.f(sum));
      }
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    PackedMatMulSimd.run(this, c, w);
  }

  @Override
  public long scratch(List<Spec> in, int workers) {
    return PackedMatMulSimd.scratch(workers);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClMatMul.packed(this, d, in);
  }

  @Override
  public Keep keep() {
    return bias ? Keep.inputs(0, 1, 2) : Keep.inputs(0, 1);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node node, List<Optional<Tensor>> dy) {
    Tensor x = node.in(0);
    Tensor b = unpack(node.in(1), columns);
    Tensor dp = dy.get(0).orElseThrow();
    if (activation != Activation.NONE) {
      PackedMatMul plain = new PackedMatMul(columns, bias, Activation.NONE);
      Tensor p = bias ? plain.of(x, node.in(1), node.in(2)) : plain.of(x, node.in(1));
      dp = Gradients.vjp(activation::of, p, dp);
    }
    long m = x.shape().elems(0, x.shape().rank() - 1);
    Tensor rows = dp.reshape(m, columns);
    List<Optional<Tensor>> grads = new ArrayList<>();
    grads.add(
        node.needs(0)
            ? Optional.of(new MatMul(false, true).of(rows, b.copy()).reshape(x.shape().dims()))
            : Optional.empty());
    grads.add(
        node.needs(1)
            ? Optional.of(pack(new MatMul(true, false).of(x.reshape(m, x.dim(-1)), rows)))
            : Optional.empty());
    if (bias) {
      grads.add(
          node.needs(2)
              ? Optional.of(Broadcast.sumTo(rows, node.inSpec(2).shape()))
              : Optional.empty());
    }
    return grads;
  }

  @Override
  public Cost cost(List<Spec> in) {
    Spec y = infer(in).get(0);
    double bytes = in.stream().mapToDouble(Spec::bytes).sum() + y.bytes();
    return new Cost(2.0 * y.shape().elems() * in.get(0).shape().dim(-1), bytes);
  }
}
