package dev.gatun.io.onnx;

import dev.gatun.op.linear.Activation;
import dev.gatun.op.linear.MatMulInteger;
import dev.gatun.op.shape.DequantizeLinear;
import dev.gatun.op.shape.DynamicQuantize;
import dev.gatun.op.shape.QuantizeLinear;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// Codes of few bits with scales and zero points, and what is computed with them.
final class QuantizedOperators {
  /// Products of bytes up to which a sum is exact in F32: `2^24 / 255^2`.
  private static final long EXACT_PRODUCTS = 258;

  private QuantizedOperators() {}

  static void addTo(Operators all) {
    all.one("QuantizeLinear", 10, QuantizedOperators::quantize);
    all.one("DequantizeLinear", 10, QuantizedOperators::dequantize);
    all.add("DynamicQuantizeLinear", 11, QuantizedOperators::dynamic);
    all.one("MatMulInteger", 10, QuantizedOperators::matMulInteger);
    all.one("QLinearMatMul", 10, QuantizedOperators::matMul);
    all.one("ConvInteger", 10, QuantizedOperators::convInteger);
    all.one("QLinearConv", 10, QuantizedOperators::conv);
  }

  /// Where the scales of `x` lie: the axis is of no account for a single one.
  private record Places(int axis, long block) {
    static Places of(Invocation n) {
      Shape x = n.shape(0);
      Shape scale = n.shape(1);
      long block = n.attributes().integer("block_size", 0);
      if (block == 0 && scale.elems() == 1 && scale.rank() <= 1) {
        return new Places(0, 0);
      }
      return new Places(x.axis(Math.toIntExact(n.attributes().integer("axis", 1))), block);
    }

    /// `t`, of the shape of the scales, one for each element of `x`.
    Tensor spread(Tensor t, Shape x) {
      if (block > 0) {
        return t.repeat(axis, block).slice(axis, 0, x.dim(axis));
      }
      if (t.shape().elems() == 1 && t.shape().rank() <= 1) {
        return t.reshape();
      }
      long[] dims = new long[x.rank() - axis];
      Arrays.fill(dims, 1);
      dims[0] = t.shape().elems();
      return t.reshape(dims);
    }
  }

  private static ElementType type(long code) {
    return ElementType.of(Math.toIntExact(code))
        .orElseThrow(() ->
            new IllegalArgumentException("output_dtype must be a type that is there; got " + code));
  }

  /// The type of the codes: that of the zero points, that of the attribute, or bytes.
  private static ElementType codes(Invocation n) {
    if (n.has(2)) {
      return n.type(2);
    }
    long code = n.attributes().integer("output_dtype", 0);
    return code == 0 ? ElementType.UINT8 : type(code);
  }

  private static Value quantize(Invocation n) {
    ElementType to = codes(n);
    Places places = Places.of(n);
    Tensor x = n.tensor(0).to(DType.F32);
    Tensor scale = n.tensor(1).to(DType.F32);
    if (to.isWhole() && to.bits() == 8 && n.type(1) == ElementType.FLOAT) {
      Optional<Tensor> zero = n.optional(2).map(z -> z.reshape(scale.shape().dims()));
      QuantizeLinear op =
          new QuantizeLinear(to.carrier(), places.axis(), places.block(), zero.isPresent());
      return new Value(to, zero.isPresent() ? op.of(x, scale, zero.get()) : op.of(x, scale));
    }
    Tensor quotient = x.div(places.spread(scale, x.shape()));
    if (to.isFloating()) {
      // Rounded to the few numbers of the type; its zero points are zeros.
      return n.result(to, quotient);
    }
    // The division is one of the scale's type.
    Tensor whole = n.result(n.type(1), quotient).tensor().to(DType.F32).round();
    Tensor code = n.has(2) ? whole.add(places.spread(n.tensor(2), x.shape()).to(DType.F32)) : whole;
    return new Value(to, saturated(code, to));
  }

  /// `t` held within the range of `type`, which is not wider than 16 bits.
  private static Tensor saturated(Tensor t, ElementType type) {
    double low = type.isUnsigned() ? 0 : -Math.scalb(1.0, type.bits() - 1);
    double high = Math.scalb(1.0, type.isUnsigned() ? type.bits() : type.bits() - 1) - 1;
    return t.clamp(low, high).to(type.carrier());
  }

  private static Value dequantize(Invocation n) {
    long code = n.attributes().integer("output_dtype", 0);
    ElementType to = code == 0 ? n.type(1) : type(code);
    Places places = Places.of(n);
    Tensor x = n.tensor(0);
    Tensor scale = n.tensor(1).to(DType.F32);
    boolean bytes = x.dtype() == DType.I8 || x.dtype() == DType.U8;
    if (bytes || x.dtype() == DType.I32 && !n.has(2)) {
      Optional<Tensor> zero = n.optional(2).map(z -> z.reshape(scale.shape().dims()));
      DequantizeLinear op = new DequantizeLinear(places.axis(), places.block(), zero.isPresent());
      Tensor y = zero.isPresent() ? op.of(x, scale, zero.get()) : op.of(x, scale);
      return n.result(to, y);
    }
    Tensor code0 = n.has(2) ? x.sub(places.spread(n.tensor(2), x.shape())) : x;
    return n.result(to, code0.to(DType.F32).mul(places.spread(scale, x.shape())));
  }

  private static List<Value> dynamic(Invocation n) {
    DynamicQuantize.Result r = DynamicQuantize.of(n.tensor(0));
    return List.of(
        new Value(ElementType.UINT8, r.codes()),
        new Value(ElementType.FLOAT, r.scale()),
        new Value(ElementType.UINT8, r.zero()));
  }

  private static Value matMulInteger(Invocation n) {
    Tensor y = MatMulInteger.product(n.tensor(0), n.tensor(1), n.optional(2), n.optional(3));
    return new Value(ElementType.INT32, y);
  }

  /// Inputs: `a`, its scale and zero point, `b`, its scale and zero point, those of the result.
  private static Value matMul(Invocation n) {
    Tensor ratio = column(n.tensor(1)).mul(n.tensor(4)).div(column(n.tensor(6)));
    Tensor yZero = n.tensor(7);
    Tensor y =
        MatMulInteger.requantized(
            n.tensor(0),
            n.tensor(2),
            n.tensor(3),
            n.tensor(5),
            ratio,
            yZero.shape().elems() == 1 ? yZero.reshape() : yZero);
    return new Value(n.type(7), y);
  }

  /// Scales of rows beside a matrix.
  private static Tensor column(Tensor scale) {
    if (scale.shape().elems() == 1) {
      return scale.reshape();
    }
    return scale.shape().rank() == 1 ? scale.unsqueeze(1) : scale;
  }

  private static Value convInteger(Invocation n) {
    Tensor y = sums(n, n.tensor(1), n.optional(2), n.optional(3));
    return new Value(ElementType.INT32, y.to(DType.I32));
  }

  /// Inputs: `x`, its scale and zero point, `w`, its scale and zero point, scale and zero point of
  /// the result, and a bias in units of both scales.
  private static Value conv(Invocation n) {
    Tensor y = sums(n, n.tensor(3), n.optional(2), n.optional(5)).to(DType.F32);
    if (n.has(8)) {
      y = y.add(channels(n.tensor(8).to(DType.F32), y));
    }
    Tensor ratio = n.tensor(1).mul(n.tensor(4)).div(n.tensor(6));
    Tensor zero = n.tensor(7).to(DType.F32).reshape();
    return new Value(n.type(7), saturated(y.mul(channels(ratio, y)).round().add(zero), n.type(7)));
  }

  /// A number for each channel, or one, beside `[N, C, ..]`.
  private static Tensor channels(Tensor t, Tensor y) {
    if (t.shape().elems() == 1) {
      return t.reshape();
    }
    long[] dims = new long[y.shape().rank() - 1];
    Arrays.fill(dims, 1);
    dims[0] = t.shape().elems();
    return t.reshape(dims);
  }

  /// The convolution of the first input with `w`, both less their zero points; exact, as whole
  /// numbers of a type that holds all sums.
  private static Tensor sums(
      Invocation n, Tensor w, Optional<Tensor> xZero, Optional<Tensor> wZero) {
    long products = w.shape().elems(1, w.shape().rank());
    DType type = products <= EXACT_PRODUCTS ? DType.F32 : DType.F64;
    Tensor x = n.tensor(0).to(type);
    Tensor image = xZero.map(z -> x.sub(z.reshape().to(type))).orElse(x);
    Tensor plain = w.to(type);
    Tensor taps =
        wZero
            .map(z -> z.shape().elems() == 1 ? z.reshape() : z.reshape(rows(z, w)))
            .map(z -> plain.sub(z.to(type)))
            .orElse(plain);
    return ConvolutionOperators.conv(n, image, taps, Optional.empty(), Activation.NONE);
  }

  private static long[] rows(Tensor z, Tensor w) {
    long[] dims = new long[w.shape().rank()];
    Arrays.fill(dims, 1);
    dims[0] = z.shape().elems();
    return dims;
  }
}
