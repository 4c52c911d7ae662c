package dev.gatun.io.onnx;

import static dev.gatun.io.onnx.Operators.Trait.GROWS;
import static dev.gatun.io.onnx.Operators.Trait.RANDOM;
import static dev.gatun.io.onnx.Operators.Trait.READS_SHAPES;

import dev.gatun.op.random.Categorical;
import dev.gatun.op.shape.Diag;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;

/// Random numbers, Dropout, and EyeLike. A node with a seed gives the same numbers in every run,
/// one without gives others each time.
final class RandomOperators {
  private RandomOperators() {}

  static void addTo(Operators all) {
    all.one("RandomNormal", 1, n -> normal(n, shape(n), type(n, ElementType.FLOAT)), RANDOM, GROWS);
    all.one("RandomNormalLike", 1, n -> normal(n, n.shape(0), type(n, n.type(0))), RANDOM);
    all.one(
        "RandomUniform", 1, n -> uniform(n, shape(n), type(n, ElementType.FLOAT)), RANDOM, GROWS);
    all.one("RandomUniformLike", 1, n -> uniform(n, n.shape(0), type(n, n.type(0))), RANDOM);
    all.one("Bernoulli", 15, RandomOperators::bernoulli, RANDOM);
    all.one("Multinomial", 7, RandomOperators::multinomial, RANDOM);
    all.add("Dropout", 7, n -> plain(n, n.type(0)));
    all.add("Dropout", 10, n -> plain(n, ElementType.BOOL));
    all.add("Dropout", 12, RandomOperators::dropout, RANDOM);
    all.one("EyeLike", 9, RandomOperators::eyeLike, READS_SHAPES);
  }

  /// An integer for Dropout, a float for all others.
  private static long seed(Invocation n) {
    Object seed = n.attributes().values().get("seed");
    if (seed == null) {
      n.scope().unrepeatable("a node makes other random numbers in each run");
      return new SplittableRandom().nextLong();
    }
    return seed.hashCode();
  }

  private static Shape shape(Invocation n) {
    return n.attributes()
        .integers("shape")
        .map(Shape::of)
        .orElseThrow(() -> new IllegalArgumentException("shape must be given; it is missing"));
  }

  /// What attribute `dtype` names.
  private static ElementType type(Invocation n, ElementType otherwise) {
    int code = (int) n.attributes().integer("dtype", otherwise.code());
    return ElementType.of(code)
        .orElseThrow(
            () -> new IllegalArgumentException("dtype must be a type of numbers; got " + code));
  }

  private static Value normal(Invocation n, Shape shape, ElementType type) {
    return drawn(
        type,
        n,
        n.attributes().number("scale", 1),
        n.attributes().number("mean", 0),
        dtype -> n.scope().normal(dtype, shape, seed(n)));
  }

  private static Value uniform(Invocation n, Shape shape, ElementType type) {
    double low = n.attributes().number("low", 0);
    return drawn(
        type,
        n,
        n.attributes().number("high", 1) - low,
        low,
        dtype -> n.scope().uniform(dtype, shape, seed(n)));
  }

  private static Value drawn(
      ElementType type, Invocation n, double scale, double shift, Function<DType, Tensor> draw) {
    if (!type.isFloating()) {
      throw new IllegalArgumentException("dtype must be a floating type; got " + type);
    }
    return n.result(type, draw.apply(type.carrier()).mul(scale).add(shift));
  }

  private static Value bernoulli(Invocation n) {
    Tensor p = n.tensor(0);
    Tensor hit = n.scope().uniform(p.dtype(), p.shape(), seed(n)).less(p);
    return n.result(type(n, n.type(0)), hit.to(DType.F32));
  }

  /// Rows of the input are logarithms of what is in proportion to the probabilities.
  private static Value multinomial(Invocation n) {
    Tensor x = n.tensor(0);
    long draws = n.attributes().integer("sample_size", 1);
    if (x.shape().rank() != 2 || draws < 1) {
      throw new IllegalArgumentException(
          "the input must be [batch,classes] and sample_size positive; got %s and %d"
              .formatted(x.shape(), draws));
    }
    Tensor rows = x.unsqueeze(1).broadcastTo(Shape.of(x.dim(0), draws, x.dim(1)));
    return n.result(type(n, ElementType.INT32), new Categorical(false, seed(n)).of(rows));
  }

  /// Nothing is dropped while a model is used.
  private static List<Value> plain(Invocation n, ElementType mask) {
    Tensor ones = n.scope().full(mask.carrier(), Shape.of(), 1).broadcastTo(n.shape(0));
    return List.of(ShapeOperators.moved(n, n.tensor(0)), new Value(mask, ones));
  }

  private static List<Value> dropout(Invocation n) {
    double ratio = n.has(1) ? n.number(1) : 0.5;
    boolean training = n.has(2) && n.number(2) != 0;
    if (!training || ratio == 0) {
      return plain(n, ElementType.BOOL);
    }
    if (!(ratio > 0 && ratio < 1)) {
      throw new IllegalArgumentException("ratio must lie in [0, 1); got " + ratio);
    }
    Tensor x = n.tensor(0);
    Tensor kept = n.scope().bernoulli(x.dtype(), x.shape(), 1 - ratio, seed(n));
    return List.of(n.like(0, x.mul(kept).mul(1 / (1 - ratio))), n.truth(kept));
  }

  private static Value eyeLike(Invocation n) {
    Shape x = n.shape(0);
    if (x.rank() != 2) {
      throw new IllegalArgumentException("the input must be a matrix; got " + x);
    }
    ElementType type = type(n, n.type(0));
    // Diagonals beyond the corners are all empty.
    long k = Math.clamp(n.attributes().integer("k", 0), -x.dim(0), x.dim(1));
    long size = Math.min(x.dim(0) + Math.min(0, k), x.dim(1) - Math.max(0, k));
    Tensor ones = n.scope().full(type.carrier(), Shape.of(Math.max(0, size)), 1);
    return new Value(type, new Diag(k, x.dim(0), x.dim(1)).of(ones));
  }
}
