package dev.gatun.cpu.simd;

import java.math.BigDecimal;
import java.math.MathContext;

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
}
