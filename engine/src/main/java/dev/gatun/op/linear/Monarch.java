package dev.gatun.op.linear;

import dev.gatun.autograd.Node;
import dev.gatun.op.Composite;
import dev.gatun.op.Keep;
import dev.gatun.op.Rules;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// A Monarch matrix times vectors: block diagonal, permutation, block diagonal, permutation.
///
/// ```
/// u[k, q] = sum_p left[k, q, p] x[k p + p']        x in k blocks of p
/// v = u as r rows of l, transposed                 v[l, r] = u at r l + l'
/// y[s, l] = sum_r right[l, s, r] v[l, r]           y in s rows of l
/// ```
///
/// Shapes: `x [.., k p]`, `left [k, q, p]`, `right [l, s, r]` with `k q = l r`, `y [.., s l]`; F32
/// or F64. With all six sizes the root of `n` it is the Monarch matrix of order 2, which has `2 n
/// sqrt(n)` elements in place of `n^2`; other sizes make rectangular matrices, of full rank or not.
///
/// Gradient: of both products; `v` is kept. Cost: `2 k q p + 2 l s r` flops a vector in two batched
/// products and three passes that move elements. Error: `eps (p + r)` of what the product of the
/// absolute values gives.
///
/// Source: Dao et al., "Monarch: Expressive Structured Matrices", arXiv 2204.00595, section 3; Fu
/// et al., "Monarch Mixer", arXiv 2310.12109; indices as in the authors'
/// blockdiag_butterfly_multiply.
public record Monarch() implements Composite {
  private static final String NAMES = "x left right";

  private void require(List<Spec> in) {
    Rules.count(3, this, NAMES, in);
    Rules.computing(this, NAMES, in);
    Shape x = in.get(0).shape();
    Shape left = in.get(1).shape();
    Shape right = in.get(2).shape();
    Rules.require(
        x.rank() > 0
            && left.rank() == 3
            && right.rank() == 3
            && x.dim(-1) == left.dim(0) * left.dim(2),
        this,
        "x must be [.., k p], left [k, q, p] and right [l, s, r]",
        NAMES,
        in);
    Rules.require(
        left.dim(0) * left.dim(1) == right.dim(0) * right.dim(2),
        this,
        "k q of left [k, q, p] must be l r of right [l, s, r]",
        NAMES,
        in);
  }

  @Override
  public List<Tensor> forward(List<Tensor> in) {
    require(in.stream().map(Tensor::spec).toList());
    Tensor x = in.get(0);
    Tensor left = in.get(1);
    Tensor right = in.get(2);
    long rows = rows(x.shape());
    Tensor u = new MatMul(false, true).of(blocks(x, rows, left), left);
    Tensor v = regrouped(u, right.dim(0), right.dim(2));
    Tensor y = new MatMul(false, true).of(v, right);
    long[] dims = x.shape().dims();
    dims[dims.length - 1] = right.dim(1) * right.dim(0);
    return List.of(y.permute(1, 2, 0).reshape(dims), v);
  }

  private static long rows(Shape x) {
    return x.elems(0, x.rank() - 1);
  }

  /// `[k, rows, p]` of `x [.., k p]`.
  private static Tensor blocks(Tensor x, long rows, Tensor left) {
    return x.reshape(rows, left.dim(0), left.dim(2)).permute(1, 0, 2);
  }

  /// From `[k, rows, q]` to `[l, rows, r]`: position `k q + q'` is `r l + l'`. One pass where one
  /// of `q` and `l` divides the other.
  private static Tensor regrouped(Tensor u, long l, long r) {
    long k = u.dim(0);
    long rows = u.dim(1);
    long q = u.dim(2);
    if (l > 0 && q % l == 0) {
      return u.reshape(k, rows, q / l, l).permute(3, 1, 0, 2).reshape(l, rows, r);
    }
    if (q > 0 && l % q == 0) {
      return u.reshape(r, l / q, rows, q).permute(1, 3, 2, 0).reshape(l, rows, r);
    }
    return u.permute(1, 0, 2).reshape(rows, r, l).permute(2, 0, 1);
  }

  /// The way back, from `[l, rows, r]` to `[k, rows, q]`.
  private static Tensor ungrouped(Tensor v, long k, long q) {
    long l = v.dim(0);
    long rows = v.dim(1);
    long r = v.dim(2);
    if (l > 0 && q % l == 0) {
      return v.reshape(l, rows, k, q / l).permute(2, 1, 3, 0).reshape(k, rows, q);
    }
    if (q > 0 && l % q == 0) {
      return v.reshape(l / q, q, rows, r).permute(3, 0, 2, 1).reshape(k, rows, q);
    }
    return v.permute(1, 2, 0).reshape(rows, k, q).permute(1, 0, 2);
  }

  @Override
  public Keep keep() {
    return Keep.inputs(0, 1, 2).andExtras(1);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    Tensor left = n.in(1);
    Tensor right = n.in(2);
    long rows = rows(n.inSpec(0).shape());
    Tensor d =
        dy.get(0).orElseThrow().reshape(rows, right.dim(1), right.dim(0)).permute(2, 0, 1).copy();
    Optional<Tensor> dRight =
        n.needs(2) ? Optional.of(new MatMul(true, false).of(d, n.saved(0))) : Optional.empty();
    if (!n.needs(0) && !n.needs(1)) {
      return List.of(Optional.empty(), Optional.empty(), dRight);
    }
    Tensor dv = new MatMul(false, false).of(d, right);
    Tensor du = ungrouped(dv, left.dim(0), left.dim(1)).copy();
    Optional<Tensor> dLeft =
        n.needs(1)
            ? Optional.of(new MatMul(true, false).of(du, blocks(n.in(0), rows, left)))
            : Optional.empty();
    Optional<Tensor> dx =
        n.needs(0)
            ? Optional.of(
                new MatMul(false, false)
                    .of(du, left)
                    .permute(1, 0, 2)
                    .reshape(n.inSpec(0).shape().dims()))
            : Optional.empty();
    return List.of(dx, dLeft, dRight);
  }
}
