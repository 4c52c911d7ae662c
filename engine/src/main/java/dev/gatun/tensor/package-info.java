/// What a user holds: tensors, variables, shapes, and the scopes that own their memory.
package dev.gatun.tensor;
