package dev.gatun.op.sequence.scan;

/// The steps that a [Scan] combines: `h_t = A_t h_(t-1) + b_t` with gates `A` of some structure,
/// for which `(A2, b2) after (A1, b1)` is `(A2 A1, A2 b1 + b2)` and the identity is `(1, 0)`.
/// Source: Blelloch, "Prefix Sums and Their Applications", CMU-CS-90-190, section 1.4.
///
/// Methods on arrays are the definition that vector forms are tested against; a state is [#size]
/// numbers, a gate [#gates].
public sealed interface Combiner {
  /// Tensors that a gate, and as many that a state consists of.
  int tensors();

  /// Numbers of a state.
  int size();

  /// Numbers of a gate.
  int gates();

  /// Axes of a state behind that of time; a gate has twice as many.
  int axes();

  /// `state = gate state + b`
  void step(double[] gate, double[] state, double[] b);

  /// `to = gate^T d`: what reaches the state before. `to` is another array than `d`.
  void back(double[] gate, double[] d, double[] to);

  /// The gradient of a gate, from that of the state after it and from the state before it.
  void gateGradient(double[] d, double[] before, double[] to);

  /// A factor for each channel: `h = a h + b`.
  record Affine() implements Combiner {
    @Override
    public int tensors() {
      return 1;
    }

    @Override
    public int size() {
      return 1;
    }

    @Override
    public int gates() {
      return 1;
    }

    @Override
    public int axes() {
      return 0;
    }

    @Override
    public void step(double[] gate, double[] state, double[] b) {
      state[0] = gate[0] * state[0] + b[0];
    }

    @Override
    public void back(double[] gate, double[] d, double[] to) {
      to[0] = gate[0] * d[0];
    }

    @Override
    public void gateGradient(double[] d, double[] before, double[] to) {
      to[0] = d[0] * before[0];
    }
  }

  /// A complex factor for each channel, real and imaginary parts being tensors of their own. Its
  /// gradient is `dRe + i dIm`: `back` multiplies by the conjugate.
  record ComplexAffine() implements Combiner {
    @Override
    public int tensors() {
      return 2;
    }

    @Override
    public int size() {
      return 2;
    }

    @Override
    public int gates() {
      return 2;
    }

    @Override
    public int axes() {
      return 0;
    }

    @Override
    public void step(double[] gate, double[] state, double[] b) {
      double re = gate[0] * state[0] - gate[1] * state[1] + b[0];
      state[1] = gate[0] * state[1] + gate[1] * state[0] + b[1];
      state[0] = re;
    }

    @Override
    public void back(double[] gate, double[] d, double[] to) {
      to[0] = gate[0] * d[0] + gate[1] * d[1];
      to[1] = gate[0] * d[1] - gate[1] * d[0];
    }

    @Override
    public void gateGradient(double[] d, double[] before, double[] to) {
      to[0] = d[0] * before[0] + d[1] * before[1];
      to[1] = d[1] * before[0] - d[0] * before[1];
    }
  }

  /// A matrix of `size` rows and columns for each channel: `h_i = sum_j A_ij h_j + b_i`. A matrix
  /// over all channels is one with no axes behind it.
  ///
  /// @param size rows, 1 or more
  record Block(int size) implements Combiner {
    @Override
    public int tensors() {
      return 1;
    }

    @Override
    public int gates() {
      return size * size;
    }

    @Override
    public int axes() {
      return 1;
    }

    @Override
    public void step(double[] gate, double[] state, double[] b) {
      double[] old = state.clone();
      for (int i = 0; i < size; i++) {
        double sum = 0;
        for (int j = 0; j < size; j++) {
          sum += gate[i * size + j] * old[j];
        }
        state[i] = sum + b[i];
      }
    }

    @Override
    public void back(double[] gate, double[] d, double[] to) {
      for (int j = 0; j < size; j++) {
        to[j] = 0;
        for (int i = 0; i < size; i++) {
          to[j] += gate[i * size + j] * d[i];
        }
      }
    }

    @Override
    public void gateGradient(double[] d, double[] before, double[] to) {
      for (int i = 0; i < size; i++) {
        for (int j = 0; j < size; j++) {
          to[i * size + j] = d[i] * before[j];
        }
      }
    }
  }
}
