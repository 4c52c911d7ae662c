package dev.gatun.op.sequence.rnn;

/// In which order the rows of weights hold the gates.
public enum GateOrder {
  /// PyTorch: LSTM input, forget, cell, output; GRU reset, update, new.
  TORCH,
  /// ONNX: LSTM input, output, forget, cell; GRU update, reset, hidden.
  ONNX
}
