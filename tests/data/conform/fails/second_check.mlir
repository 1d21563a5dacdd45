// The first check holds, the second does not.
func.func @main() {
  %got1 = stablehlo.constant dense<1> : tensor<i32>
  %want1 = stablehlo.constant dense<1> : tensor<i32>
  stablehlo.custom_call @check.expect_eq(%got1, %want1) {has_side_effect = true}
      : (tensor<i32>, tensor<i32>) -> ()
  %got2 = stablehlo.constant dense<1> : tensor<i32>
  %want2 = stablehlo.constant dense<2> : tensor<i32>
  stablehlo.custom_call @check.expect_eq(%got2, %want2) {has_side_effect = true}
      : (tensor<i32>, tensor<i32>) -> ()
  return
}
