/// Models in the ONNX format, read from files that are not trusted and run on any device.
///
/// [dev.gatun.io.onnx.OnnxModel] is what a user holds. `GraphReader` makes a `Graph` of nodes of a
/// file; `Executor` runs it with one `Operator` for each node, written in the engine's ops.
package dev.gatun.io.onnx;
