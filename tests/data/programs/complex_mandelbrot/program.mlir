module @complex_mandelbrot attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<8xf64>, %arg1: tensor<8xf64>) -> tensor<8xi32> {
    %0 = stablehlo.complex %arg0, %arg1 : tensor<8xcomplex<f64>>
    %cst = stablehlo.constant dense<(0.000000e+00,0.000000e+00)> : tensor<complex<f64>>
    %1 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<complex<f64>>) -> tensor<8xcomplex<f64>>
    %c = stablehlo.constant dense<0> : tensor<i32>
    %2 = stablehlo.broadcast_in_dim %c, dims = [] : (tensor<i32>) -> tensor<8xi32>
    %c_0 = stablehlo.constant dense<0> : tensor<i64>
    %3:4 = stablehlo.while(%iterArg = %0, %iterArg_1 = %c_0, %iterArg_2 = %1, %iterArg_3 = %2) : tensor<8xcomplex<f64>>, tensor<i64>, tensor<8xcomplex<f64>>, tensor<8xi32>
    cond {
      %c_4 = stablehlo.constant dense<30> : tensor<i64>
      %4 = stablehlo.compare LT, %iterArg_1, %c_4, SIGNED : (tensor<i64>, tensor<i64>) -> tensor<i1>
      stablehlo.return %4 : tensor<i1>
    } do {
      %4:2 = func.call @closed_call(%iterArg, %iterArg_2, %iterArg_3) : (tensor<8xcomplex<f64>>, tensor<8xcomplex<f64>>, tensor<8xi32>) -> (tensor<8xcomplex<f64>>, tensor<8xi32>)
      %c_4 = stablehlo.constant dense<1> : tensor<i64>
      %5 = stablehlo.add %iterArg_1, %c_4 : tensor<i64>
      stablehlo.return %iterArg, %5, %4#0, %4#1 : tensor<8xcomplex<f64>>, tensor<i64>, tensor<8xcomplex<f64>>, tensor<8xi32>
    }
    return %3#3 : tensor<8xi32>
  }
  func.func private @closed_call(%arg0: tensor<8xcomplex<f64>>, %arg1: tensor<8xcomplex<f64>>, %arg2: tensor<8xi32>) -> (tensor<8xcomplex<f64>>, tensor<8xi32>) {
    %0 = stablehlo.real %arg1 : (tensor<8xcomplex<f64>>) -> tensor<8xf64>
    %1 = stablehlo.real %arg1 : (tensor<8xcomplex<f64>>) -> tensor<8xf64>
    %2 = stablehlo.multiply %0, %1 : tensor<8xf64>
    %3 = stablehlo.imag %arg1 : (tensor<8xcomplex<f64>>) -> tensor<8xf64>
    %4 = stablehlo.imag %arg1 : (tensor<8xcomplex<f64>>) -> tensor<8xf64>
    %5 = stablehlo.multiply %3, %4 : tensor<8xf64>
    %6 = stablehlo.add %2, %5 : tensor<8xf64>
    %cst = stablehlo.constant dense<4.000000e+00> : tensor<f64>
    %7 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f64>) -> tensor<8xf64>
    %8 = stablehlo.compare LT, %6, %7, FLOAT : (tensor<8xf64>, tensor<8xf64>) -> tensor<8xi1>
    %9 = stablehlo.multiply %arg1, %arg1 : tensor<8xcomplex<f64>>
    %10 = stablehlo.add %9, %arg0 : tensor<8xcomplex<f64>>
    %11 = call @_where(%8, %10, %arg1) : (tensor<8xi1>, tensor<8xcomplex<f64>>, tensor<8xcomplex<f64>>) -> tensor<8xcomplex<f64>>
    %12 = stablehlo.convert %8 : (tensor<8xi1>) -> tensor<8xi32>
    %13 = stablehlo.add %arg2, %12 : tensor<8xi32>
    return %11, %13 : tensor<8xcomplex<f64>>, tensor<8xi32>
  }
  func.func private @_where(%arg0: tensor<8xi1>, %arg1: tensor<8xcomplex<f64>>, %arg2: tensor<8xcomplex<f64>>) -> tensor<8xcomplex<f64>> {
    %0 = stablehlo.select %arg0, %arg1, %arg2 : tensor<8xi1>, tensor<8xcomplex<f64>>
    return %0 : tensor<8xcomplex<f64>>
  }
}
