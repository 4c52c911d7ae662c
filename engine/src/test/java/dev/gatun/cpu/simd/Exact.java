package dev.gatun.cpu.simd;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;

/// Elementary functions to some 60 significant digits: references for F64 kernels.
final class Exact {
  private static final MathContext DIGITS = new MathContext(120);
  private static final BigDecimal ONE = BigDecimal.ONE;
  private static final BigDecimal TWO = BigDecimal.TWO;

  /// By Machin: 16 atan(1/5) - 4 atan(1/239).
  private static final BigDecimal PI =
      atanInverse(5)
          .multiply(new BigDecimal(16))
          .subtract(atanInverse(239).multiply(new BigDecimal(4)));

  private Exact() {}

  static BigDecimal exp(double x) {
    return exp(new BigDecimal(x));
  }

  /// Taylor's series of `x / 2^k`, squared k times.
  private static BigDecimal exp(BigDecimal x) {
    int k = Math.max(0, Math.getExponent(x.doubleValue()) + 4);
    BigDecimal r = x.divide(TWO.pow(k), DIGITS);
    BigDecimal sum = ONE;
    BigDecimal term = ONE;
    for (int i = 1; i < 100; i++) {
      term = term.multiply(r, DIGITS).divide(new BigDecimal(i), DIGITS);
      sum = sum.add(term, DIGITS);
    }
    for (int i = 0; i < k; i++) {
      sum = sum.multiply(sum, DIGITS);
    }
    return sum;
  }

  /// With `y` nearly `log x` and `d = x exp(-y) - 1`: `y + d - d^2 / 2 + d^3 / 3`.
  static BigDecimal log(double x) {
    BigDecimal y = new BigDecimal(StrictMath.log(x));
    BigDecimal d = new BigDecimal(x).multiply(exp(y.negate()), DIGITS).subtract(ONE, DIGITS);
    BigDecimal square = d.multiply(d, DIGITS);
    return y.add(d)
        .subtract(square.divide(TWO, DIGITS))
        .add(square.multiply(d).divide(new BigDecimal(3), DIGITS), DIGITS);
  }

  static BigDecimal tanh(double x) {
    BigDecimal e = exp(new BigDecimal(x).multiply(TWO));
    return e.subtract(ONE).divide(e.add(ONE), DIGITS);
  }

  static BigDecimal sigmoid(double x) {
    return ONE.divide(ONE.add(exp(new BigDecimal(x).negate())), DIGITS);
  }

  static BigDecimal gelu(double x) {
    return phi(x).multiply(new BigDecimal(x), DIGITS);
  }

  static BigDecimal geluDerivative(double x) {
    return phi(x).add(new BigDecimal(x).multiply(density(x)), DIGITS);
  }

  private static BigDecimal density(double x) {
    BigDecimal b = new BigDecimal(x);
    return exp(b.multiply(b).divide(TWO).negate()).divide(PI.multiply(TWO).sqrt(DIGITS), DIGITS);
  }

  /// `1/2 + phi(x) (x + x^3 / 3 + x^5 / (3 5) + ...)`
  private static BigDecimal phi(double x) {
    BigDecimal b = new BigDecimal(x);
    BigDecimal square = b.multiply(b);
    BigDecimal term = b;
    BigDecimal sum = b;
    for (int i = 3; i < 1500; i += 2) {
      term = term.multiply(square, DIGITS).divide(new BigDecimal(i), DIGITS);
      sum = sum.add(term, DIGITS);
    }
    return density(x).multiply(sum, DIGITS).add(new BigDecimal("0.5"), DIGITS);
  }

  private static BigDecimal atanInverse(int n) {
    BigDecimal power = ONE.divide(new BigDecimal(n), DIGITS);
    BigDecimal sum = power;
    for (int i = 1; i < 100; i++) {
      power = power.divide(new BigDecimal(-n * n), DIGITS);
      sum = sum.add(power.divide(new BigDecimal(2 * i + 1), DIGITS), DIGITS);
    }
    return sum;
  }

  static BigDecimal expm1(double x) {
    return exp(x).subtract(ONE);
  }

  static BigDecimal exp2(double x) {
    return exp(new BigDecimal(x).multiply(log(2), DIGITS));
  }

  /// `|x|^y`
  static BigDecimal pow(double x, double y) {
    return exp(new BigDecimal(y).multiply(log(Math.abs(x)), DIGITS));
  }

  static BigDecimal log1p(double x) {
    return sharpened(StrictMath.log1p(x), ONE.add(new BigDecimal(x)));
  }

  static BigDecimal log2(double x) {
    return log(x).divide(log(2), DIGITS);
  }

  static BigDecimal softplus(double x) {
    double s = StrictMath.log1p(StrictMath.exp(-Math.abs(x)));
    return sharpened(Math.max(x, 0) + s, ONE.add(exp(x)));
  }

  /// The logarithm of `x`, of which `y` has 15 digits or more.
  private static BigDecimal sharpened(double y, BigDecimal x) {
    BigDecimal b = new BigDecimal(y);
    BigDecimal d = x.multiply(exp(b.negate()), DIGITS).subtract(ONE, DIGITS);
    return b.add(d).subtract(d.multiply(d, DIGITS).divide(TWO, DIGITS), DIGITS);
  }

  static BigDecimal sinh(double x) {
    BigDecimal e = exp(x);
    return e.subtract(ONE.divide(e, DIGITS)).divide(TWO, DIGITS);
  }

  static BigDecimal cosh(double x) {
    BigDecimal e = exp(x);
    return e.add(ONE.divide(e, DIGITS)).divide(TWO, DIGITS);
  }

  static BigDecimal sin(double x) {
    return sin(new BigDecimal(x));
  }

  static BigDecimal cos(double x) {
    return sin(new BigDecimal(x).add(PI.divide(TWO, DIGITS)));
  }

  static BigDecimal tan(double x) {
    return sin(x).divide(cos(x), DIGITS);
  }

  /// Taylor's series of `x` less a multiple of `2 pi`.
  private static BigDecimal sin(BigDecimal x) {
    BigDecimal turn = PI.multiply(TWO);
    BigDecimal turns = x.divide(turn, DIGITS).setScale(0, RoundingMode.HALF_EVEN);
    BigDecimal r = x.subtract(turns.multiply(turn));
    BigDecimal square = r.multiply(r, DIGITS).negate();
    BigDecimal term = r;
    BigDecimal sum = r;
    for (int i = 2; i < 120; i += 2) {
      term = term.multiply(square, DIGITS).divide(new BigDecimal(i * (i + 1)), DIGITS);
      sum = sum.add(term, DIGITS);
    }
    return sum;
  }

  static BigDecimal asin(double x) {
    double y = StrictMath.asin(x);
    return new BigDecimal(y).add(new BigDecimal(x).subtract(sin(y)).divide(cos(y), DIGITS), DIGITS);
  }

  static BigDecimal acos(double x) {
    double y = StrictMath.acos(x);
    return new BigDecimal(y).add(cos(y).subtract(new BigDecimal(x)).divide(sin(y), DIGITS), DIGITS);
  }

  static BigDecimal atan(double x) {
    return atan2(x, 1);
  }

  /// With `a` nearly the angle: `a` and the tangent of what it lacks.
  static BigDecimal atan2(double y, double x) {
    double a = StrictMath.atan2(y, x);
    BigDecimal by = new BigDecimal(y);
    BigDecimal bx = new BigDecimal(x);
    BigDecimal sin = sin(a);
    BigDecimal cos = cos(a);
    BigDecimal across = by.multiply(cos, DIGITS).subtract(bx.multiply(sin, DIGITS));
    BigDecimal along = bx.multiply(cos, DIGITS).add(by.multiply(sin, DIGITS));
    return new BigDecimal(a).add(across.divide(along, DIGITS), DIGITS);
  }

  /// `2 / sqrt(pi) exp(-x^2) (x + 2 x^3 / 3 + 4 x^5 / (3 5) + ...)`
  static BigDecimal erf(double x) {
    BigDecimal b = new BigDecimal(x);
    BigDecimal square = b.multiply(b);
    BigDecimal term = b;
    BigDecimal sum = b;
    for (int i = 3; i < 500; i += 2) {
      term = term.multiply(square, DIGITS).multiply(TWO).divide(new BigDecimal(i), DIGITS);
      sum = sum.add(term, DIGITS);
    }
    return exp(square.negate()).multiply(sum).multiply(TWO).divide(PI.sqrt(DIGITS), DIGITS);
  }

  static BigDecimal silu(double x) {
    return sigmoid(x).multiply(new BigDecimal(x));
  }

  static BigDecimal geluTanh(double x) {
    BigDecimal b = new BigDecimal(x);
    BigDecimal cube = b.multiply(b).multiply(b).multiply(new BigDecimal("0.044715"));
    BigDecimal scale = TWO.divide(PI, DIGITS).sqrt(DIGITS).multiply(TWO);
    BigDecimal e = exp(b.add(cube).multiply(scale, DIGITS).negate());
    return b.divide(ONE.add(e), DIGITS);
  }

  static BigDecimal mish(double x) {
    BigDecimal w = exp(x);
    BigDecimal n = w.multiply(w.add(TWO), DIGITS);
    return new BigDecimal(x).multiply(n).divide(n.add(TWO), DIGITS);
  }

  static BigDecimal rsqrt(double x) {
    return ONE.divide(new BigDecimal(x).sqrt(DIGITS), DIGITS);
  }
}
