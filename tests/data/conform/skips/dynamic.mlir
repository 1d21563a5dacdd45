func.func @main(%a: tensor<?xf32>) -> tensor<?xf32> {
  stablehlo.custom_call @check.expect_eq(%a, %a) : (tensor<?xf32>, tensor<?xf32>) -> ()
  return %a : tensor<?xf32>
}
