module @conjugate_gradient attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<8x8xf64>, %arg1: tensor<8xf64>) -> tensor<8xf64> {
    %0 = stablehlo.transpose %arg0, dims = [1, 0] : (tensor<8x8xf64>) -> tensor<8x8xf64>
    %1 = stablehlo.add %arg0, %0 : tensor<8x8xf64>
    %cst = stablehlo.constant dense<2.000000e+00> : tensor<f64>
    %2 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f64>) -> tensor<8x8xf64>
    %3 = stablehlo.divide %1, %2 : tensor<8x8xf64>
    %cst_0 = stablehlo.constant dense<0.000000e+00> : tensor<f64>
    %4 = stablehlo.broadcast_in_dim %cst_0, dims = [] : (tensor<f64>) -> tensor<8xf64>
    %5 = stablehlo.multiply %arg1, %4 : tensor<8xf64>
    %6 = stablehlo.dot_general %arg1, %arg1, contracting_dims = [0] x [0], precision = [HIGHEST, HIGHEST] : (tensor<8xf64>, tensor<8xf64>) -> tensor<f64>
    %c = stablehlo.constant dense<0> : tensor<i64>
    %7:6 = stablehlo.while(%iterArg = %3, %iterArg_1 = %c, %iterArg_2 = %5, %iterArg_3 = %arg1, %iterArg_4 = %arg1, %iterArg_5 = %6) : tensor<8x8xf64>, tensor<i64>, tensor<8xf64>, tensor<8xf64>, tensor<8xf64>, tensor<f64>
    cond {
      %c_6 = stablehlo.constant dense<6> : tensor<i64>
      %8 = stablehlo.compare LT, %iterArg_1, %c_6, SIGNED : (tensor<i64>, tensor<i64>) -> tensor<i1>
      stablehlo.return %8 : tensor<i1>
    } do {
      %8:4 = func.call @closed_call(%iterArg, %iterArg_2, %iterArg_3, %iterArg_4, %iterArg_5) : (tensor<8x8xf64>, tensor<8xf64>, tensor<8xf64>, tensor<8xf64>, tensor<f64>) -> (tensor<8xf64>, tensor<8xf64>, tensor<8xf64>, tensor<f64>)
      %c_6 = stablehlo.constant dense<1> : tensor<i64>
      %9 = stablehlo.add %iterArg_1, %c_6 : tensor<i64>
      stablehlo.return %iterArg, %9, %8#0, %8#1, %8#2, %8#3 : tensor<8x8xf64>, tensor<i64>, tensor<8xf64>, tensor<8xf64>, tensor<8xf64>, tensor<f64>
    }
    return %7#2 : tensor<8xf64>
  }
  func.func private @closed_call(%arg0: tensor<8x8xf64>, %arg1: tensor<8xf64>, %arg2: tensor<8xf64>, %arg3: tensor<8xf64>, %arg4: tensor<f64>) -> (tensor<8xf64>, tensor<8xf64>, tensor<8xf64>, tensor<f64>) {
    %0 = stablehlo.dot_general %arg0, %arg3, contracting_dims = [1] x [0], precision = [HIGHEST, HIGHEST] : (tensor<8x8xf64>, tensor<8xf64>) -> tensor<8xf64>
    %1 = stablehlo.dot_general %arg3, %0, contracting_dims = [0] x [0], precision = [HIGHEST, HIGHEST] : (tensor<8xf64>, tensor<8xf64>) -> tensor<f64>
    %2 = stablehlo.divide %arg4, %1 : tensor<f64>
    %3 = stablehlo.broadcast_in_dim %2, dims = [] : (tensor<f64>) -> tensor<8xf64>
    %4 = stablehlo.multiply %3, %arg3 : tensor<8xf64>
    %5 = stablehlo.add %arg1, %4 : tensor<8xf64>
    %6 = stablehlo.broadcast_in_dim %2, dims = [] : (tensor<f64>) -> tensor<8xf64>
    %7 = stablehlo.multiply %6, %0 : tensor<8xf64>
    %8 = stablehlo.subtract %arg2, %7 : tensor<8xf64>
    %9 = stablehlo.dot_general %8, %8, contracting_dims = [0] x [0], precision = [HIGHEST, HIGHEST] : (tensor<8xf64>, tensor<8xf64>) -> tensor<f64>
    %10 = stablehlo.divide %9, %arg4 : tensor<f64>
    %11 = stablehlo.broadcast_in_dim %10, dims = [] : (tensor<f64>) -> tensor<8xf64>
    %12 = stablehlo.multiply %11, %arg3 : tensor<8xf64>
    %13 = stablehlo.add %8, %12 : tensor<8xf64>
    return %5, %8, %13, %9 : tensor<8xf64>, tensor<8xf64>, tensor<8xf64>, tensor<f64>
  }
}
