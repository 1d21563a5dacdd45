// No program.
func.func @main() {
  %0 = stablehlo.constant dense<1> : tensor<i32>
  stablehlo.custom_call @check.expect_eq(%0, %0) {has_side_effect = true}
